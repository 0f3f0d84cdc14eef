//! Tensors read through strides: the one loop behind transposition, slicing, tiling, broadcasting and reduction.

use sottovoce_tensor::{Tensor, num_elements, row_major_strides};

use crate::error::OpError;

/// Largest tensor that a program may make, in elements: the logits of 2,048 positions over a vocabulary of 262,144. A
/// hostile `tile` or `fill` asks for more than any machine has.
const MAX_ELEMENTS: usize = 1 << 29;

/// Number of elements of a tensor that is about to be made.
///
/// # Errors
/// [`OpError::Unsupported`] beyond 2²⁹ elements.
pub fn checked_len(shape: &[usize]) -> Result<usize, OpError> {
    num_elements(shape).filter(|&len| len <= MAX_ELEMENTS).ok_or_else(|| OpError::Unsupported {
        what: format!("a result of shape {shape:?}, which has more than {MAX_ELEMENTS} elements,"),
    })
}

/// Row-major strides of `shape`, signed so that axes can be reversed.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    row_major_strides(shape).into_iter().map(|stride| stride as isize).collect()
}

/// Visits every row (the last dimension) of `shape` in order, with the offset of its first element in each of `N`
/// operands that are walked with their own strides. A tensor of rank 0 is one row of one element.
pub fn for_each_row<const N: usize>(
    shape: &[usize],
    strides: [&[isize]; N],
    start: [isize; N],
    mut visit: impl FnMut([isize; N]),
) {
    if shape.contains(&0) {
        return;
    }
    let outer = shape.len().saturating_sub(1);
    let mut index = vec![0usize; outer];
    let mut offsets = start;
    loop {
        visit(offsets);
        let mut axis = outer;
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset += strides[axis];
            }
            if index[axis] < shape[axis] {
                break;
            }
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset -= strides[axis] * shape[axis] as isize;
            }
            index[axis] = 0;
        }
    }
}

/// Length of a row as [`for_each_row`] visits them.
pub fn row_len(shape: &[usize]) -> usize {
    shape.last().copied().unwrap_or(1)
}

/// Distance between the elements of a row.
pub fn row_stride(strides: &[isize]) -> isize {
    strides.last().copied().unwrap_or(0)
}

/// A tensor of `shape` whose element `i` is element `offset + i · strides` of `x`. Every position must lie inside `x`.
///
/// # Errors
/// [`OpError::Unsupported`] for sub-byte types, which only compressed weights have, and for results beyond the limit.
pub fn copy(x: &Tensor, shape: &[usize], strides: &[isize], offset: isize) -> Result<Tensor, OpError> {
    if x.dtype().is_sub_byte() {
        return Err(OpError::Unsupported { what: format!("moving elements of type {}", x.dtype()) });
    }
    checked_len(shape)?;
    let mut result = Tensor::zeros(x.dtype(), shape)?;
    let (source, target) = (x.bytes().as_slice(), result.bytes_mut());
    match x.dtype().bits() / 8 {
        1 => copy_elements::<1>(source, target, shape, strides, offset),
        2 => copy_elements::<2>(source, target, shape, strides, offset),
        4 => copy_elements::<4>(source, target, shape, strides, offset),
        _ => copy_elements::<8>(source, target, shape, strides, offset),
    }
    Ok(result)
}

fn copy_elements<const SIZE: usize>(
    source: &[u8],
    target: &mut [u8],
    shape: &[usize],
    strides: &[isize],
    offset: isize,
) {
    let source = source.as_chunks::<SIZE>().0;
    let (len, step) = (row_len(shape), row_stride(strides));
    let mut rows = target.as_chunks_mut::<SIZE>().0.chunks_exact_mut(len.max(1));
    for_each_row(shape, [strides], [offset], |[start]| {
        let Some(row) = rows.next() else { return };
        match step {
            1 => row.copy_from_slice(&source[start as usize..start as usize + len]),
            0 => row.fill(source[start as usize]),
            _ => {
                let mut position = start;
                for element in row {
                    *element = source[position as usize];
                    position += step;
                }
            }
        }
    });
}

/// The dimensions of `x` in the order of `perm`.
///
/// # Errors
/// As [`copy`].
pub fn transpose(x: &Tensor, perm: &[usize]) -> Result<Tensor, OpError> {
    let source = strides(x.shape());
    let shape: Vec<usize> = perm.iter().map(|&axis| x.shape()[axis]).collect();
    let strides: Vec<isize> = perm.iter().map(|&axis| source[axis]).collect();
    copy(x, &shape, &strides, 0)
}

/// Repeats every element along each axis, as block-wise scales are spread over their weights: `shape` is a multiple of
/// the shape of `x` in every dimension.
///
/// # Errors
/// [`OpError::Mismatch`] when it is not.
pub fn spread(x: &Tensor, shape: &[usize]) -> Result<Tensor, OpError> {
    let divides = x.rank() == shape.len()
        && x.shape().iter().zip(shape).all(|(&part, &whole)| part != 0 && whole.is_multiple_of(part));
    if !divides {
        return Err(OpError::Mismatch {
            what: "blocks must divide the weight in every dimension",
            left: format!("{:?}", x.shape()),
            right: format!("{shape:?}"),
        });
    }
    // Every axis becomes two: the block, then the position inside it, along which nothing moves.
    let split: Vec<usize> = x.shape().iter().zip(shape).flat_map(|(&part, &whole)| [part, whole / part]).collect();
    let strides: Vec<isize> = strides(x.shape()).into_iter().flat_map(|stride| [stride, 0]).collect();
    Ok(copy(x, &split, &strides, 0)?.reshape(shape)?)
}
