//! Values at the positions of a mask, zeros elsewhere.

use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::Dim,
    op::InferContext,
    ops::support::codes::{narrow, widen},
};

/// Number of values of a sparse argument, which is a vector.
///
/// # Errors
/// [`OpError::InvalidArgument`] when it is not.
pub fn count(ctx: &InferContext<'_>, name: &'static str) -> Result<Dim, OpError> {
    match ctx.fact(name)?.shape.as_slice() {
        [count] => Ok(count.clone()),
        shape => {
            Err(OpError::InvalidArgument { name, expected: "a vector".into(), found: format!("rank {}", shape.len()) })
        }
    }
}

/// The dense tensor of shape `mask` whose elements at the set positions are `nonzero`, in order.
///
/// # Errors
/// [`OpError::Mismatch`] when the mask has another number of set positions.
pub fn to_dense(nonzero: &Tensor, mask: &Tensor) -> Result<Tensor, OpError> {
    let flags = mask.to_i64_vec();
    let count = flags.iter().filter(|&&flag| flag != 0).count();
    if count != nonzero.len() {
        return Err(OpError::Mismatch {
            what: "set positions of the mask and values",
            left: count.to_string(),
            right: nonzero.len().to_string(),
        });
    }
    let values = widen(nonzero)?;
    let width = values.dtype().bits() / 8;
    let mut dense = Tensor::zeros(values.dtype(), mask.shape())?;
    let set = dense.bytes_mut().chunks_exact_mut(width).zip(flags).filter(|(_, flag)| *flag != 0);
    for ((target, _), value) in set.zip(values.bytes().as_slice().chunks_exact(width)) {
        target.copy_from_slice(value);
    }
    narrow(dense, nonzero.dtype())
}

/// The elements of `dense` at the set positions of a mask of the same shape, as a vector.
///
/// # Errors
/// When the tensor cannot be made.
pub fn from_dense(dense: &[f32], mask: &Tensor, dtype: DType) -> Result<Tensor, OpError> {
    let set = dense.iter().zip(mask.to_i64_vec()).filter(|(_, flag)| *flag != 0);
    let values: Vec<f32> = set.map(|(&value, _)| value).collect();
    Ok(Tensor::from_f32(dtype, [values.len()], &values)?)
}
