//! Scales and offsets per block.

use sottovoce_tensor::Tensor;

use crate::{
    error::OpError,
    ir::{Dim, Fact},
    ops::support::strided,
};

/// `scale · (data - offset)` in f32, with scales and offsets spread over blocks of `data`.
///
/// # Errors
/// [`OpError::Mismatch`] when the blocks do not divide the data.
pub fn dequantise(data: &Tensor, scale: &Tensor, offset: Option<&Tensor>) -> Result<Vec<f32>, OpError> {
    let spread = |x: &Tensor| -> Result<Vec<f32>, OpError> {
        let values = Tensor::from_slice(x.shape(), &x.to_f32_vec())?;
        Ok(strided::spread(&values, data.shape())?.to_f32_vec())
    };
    let mut result = data.to_f32_vec();
    if let Some(offset) = offset {
        result.iter_mut().zip(spread(offset)?).for_each(|(value, offset)| *value -= offset);
    }
    result.iter_mut().zip(spread(scale)?).for_each(|(value, scale)| *value *= scale);
    Ok(result)
}

/// Checks that scales and offsets fit data of a shape.
///
/// # Errors
/// [`OpError::Mismatch`] when they do not.
pub fn check(data: &[Dim], scale: &Fact, offset: Option<&Fact>) -> Result<(), OpError> {
    let divides = |whole: &Dim, part: &Dim| {
        let sizes = whole.as_size().zip(part.as_size());
        sizes.is_some_and(|(whole, part)| part != 0 && whole.is_multiple_of(part))
    };
    let fits = data.len() == scale.rank() && data.iter().zip(&scale.shape).all(|(whole, part)| divides(whole, part));
    let agrees = offset.is_none_or(|offset| offset.shape == scale.shape);
    if fits && agrees && scale.dtype.is_float() {
        return Ok(());
    }
    let describe = |shape: &[Dim]| format!("{:?}", shape.iter().map(Dim::to_string).collect::<Vec<_>>());
    Err(OpError::Mismatch {
        what: "float scales, and offsets of the same shape, divide the data in every dimension",
        left: describe(data),
        right: format!("{} {}", scale.dtype, describe(&scale.shape)),
    })
}
