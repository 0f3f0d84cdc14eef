//! Element-wise evaluation over operands that broadcast (NumPy's rule).

use super::strided::{checked_len, for_each_row, row_len, row_stride, strides};
use crate::error::OpError;

/// Shape that two shapes broadcast to.
///
/// # Errors
/// [`OpError::Mismatch`] when they do not.
pub fn shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, OpError> {
    let rank = a.len().max(b.len());
    let at = |shape: &[usize], axis: usize| (axis + shape.len()).checked_sub(rank).map_or(1, |index| shape[index]);
    (0..rank)
        .map(|axis| match (at(a, axis), at(b, axis)) {
            (left, right) if left == right || right == 1 => Ok(left),
            (1, right) => Ok(right),
            _ => Err(OpError::Mismatch { what: "broadcast", left: format!("{a:?}"), right: format!("{b:?}") }),
        })
        .collect()
}

/// Strides that read a tensor of shape `from` as if it had shape `to`, which it must broadcast to.
pub fn broadcast_strides(from: &[usize], to: &[usize]) -> Vec<isize> {
    let mut result = vec![0; to.len() - from.len()];
    result.extend(strides(from).into_iter().zip(from).map(|(stride, &dim)| if dim == 1 { 0 } else { stride }));
    result
}

/// `f` of every pair of elements, with the shape of the result.
///
/// # Errors
/// [`OpError::Mismatch`] when the shapes do not broadcast, [`OpError::Unsupported`] when the result is too large.
pub fn zip<A: Copy, B: Copy, R>(
    (a_shape, a): (&[usize], &[A]),
    (b_shape, b): (&[usize], &[B]),
    f: impl Fn(A, B) -> R,
) -> Result<(Vec<usize>, Vec<R>), OpError> {
    let shape = shape(a_shape, b_shape)?;
    let mut result = Vec::with_capacity(checked_len(&shape)?);
    let (a_strides, b_strides) = (broadcast_strides(a_shape, &shape), broadcast_strides(b_shape, &shape));
    let (len, a_step, b_step) = (row_len(&shape), row_stride(&a_strides), row_stride(&b_strides));
    for_each_row(&shape, [&a_strides, &b_strides], [0, 0], |[i, j]| {
        let (i, j) = (i as usize, j as usize);
        // The common forms as plain loops over slices, which the compiler vectorises.
        match (a_step, b_step) {
            (1, 1) => result.extend(a[i..i + len].iter().zip(&b[j..j + len]).map(|(&a, &b)| f(a, b))),
            (1, 0) => result.extend(a[i..i + len].iter().map(|&a| f(a, b[j]))),
            (0, 1) => result.extend(b[j..j + len].iter().map(|&b| f(a[i], b))),
            _ => result.extend((0..len).map(|_| f(a[i], b[j]))),
        }
    });
    Ok((shape, result))
}
