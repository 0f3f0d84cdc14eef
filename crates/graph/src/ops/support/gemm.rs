//! Plain matrix products in f32: loops over rows that the compiler vectorises, nothing else.

use crate::error::OpError;

use super::{
    broadcast,
    strided::{checked_len, for_each_row},
};

/// Partial sums of a dot product: enough independent ones for any vector unit.
const LANES: usize = 16;

/// `Σ aᵢ·bᵢ` with [`LANES`] partial sums.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; LANES];
    let (a_chunks, b_chunks) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_chunks.0.iter().zip(b_chunks.0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_chunks.1.iter().zip(b_chunks.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// `c[m, n] = Σₖ a[m, k] · b[n, k]`.
pub fn times_transposed(a: &[f32], b: &[f32], k: usize, n: usize, c: &mut [f32]) {
    if k == 0 || n == 0 {
        return c.fill(0.0);
    }
    // The rows of `b` outside: each is read from memory once, the rows of `a` stay in cache.
    for (column, b_row) in b.chunks_exact(k).enumerate() {
        for (a_row, c_row) in a.chunks_exact(k).zip(c.chunks_exact_mut(n)) {
            c_row[column] = dot(a_row, b_row);
        }
    }
}

/// `c[m, n] = Σₖ a[m, k] · b[k, n]`.
pub fn times(a: &[f32], b: &[f32], k: usize, n: usize, c: &mut [f32]) {
    c.fill(0.0);
    if k == 0 || n == 0 {
        return;
    }
    for (a_row, c_row) in a.chunks_exact(k).zip(c.chunks_exact_mut(n)) {
        for (&factor, b_row) in a_row.iter().zip(b.chunks_exact(n)) {
            for (sum, &value) in c_row.iter_mut().zip(b_row) {
                *sum += factor * value;
            }
        }
    }
}

/// A stack of matrices in row-major order.
pub struct Matrices<'a> {
    /// Elements.
    pub data: &'a [f32],
    /// Dimensions before the last two.
    pub batch: &'a [usize],
    /// Rows of each matrix.
    pub rows: usize,
    /// Columns of each matrix.
    pub columns: usize,
}

/// Products of two stacks whose batch dimensions broadcast, with the batch dimensions of the result.
///
/// # Errors
/// [`OpError::Mismatch`] when the inner sizes or the batches do not fit.
pub fn batched(a: &Matrices<'_>, b: &Matrices<'_>, b_transposed: bool) -> Result<(Vec<usize>, Vec<f32>), OpError> {
    let (inner, n) = if b_transposed { (b.columns, b.rows) } else { (b.rows, b.columns) };
    if a.columns != inner {
        return Err(OpError::Mismatch {
            what: "inner sizes of a matrix product",
            left: a.columns.to_string(),
            right: inner.to_string(),
        });
    }
    let batch = broadcast::shape(a.batch, b.batch)?;
    let whole: Vec<usize> = batch.iter().copied().chain([a.rows, n]).collect();
    let mut c = vec![0f32; checked_len(&whole)?];
    let (a_size, b_size) = (a.rows * a.columns, b.rows * b.columns);
    let multiply = if b_transposed { times_transposed } else { times };
    let mut products = c.chunks_exact_mut((a.rows * n).max(1));
    // A last dimension of 1 makes every matrix a row of its own.
    let visited: Vec<usize> = batch.iter().copied().chain([1]).collect();
    let strides = |shape: &[usize]| -> Vec<isize> {
        broadcast::broadcast_strides(shape, &batch).into_iter().chain([0]).collect()
    };
    for_each_row(&visited, [&strides(a.batch), &strides(b.batch)], [0, 0], |[i, j]| {
        let Some(product) = products.next() else { return };
        let (i, j) = (i as usize * a_size, j as usize * b_size);
        multiply(&a.data[i..i + a_size], &b.data[j..j + b_size], inner, n, product);
    });
    Ok((batch, c))
}
