//! Elements as raw codes, whatever their type: for operations that move elements without reading them.

use sottovoce_tensor::{Bytes, DType, Tensor, pack_bits, unpack_bits};

use crate::error::OpError;

/// Bytes of an element.
///
/// # Errors
/// [`OpError::Unsupported`] for sub-byte types, which only compressed weights have.
pub fn element_bytes(dtype: DType) -> Result<usize, OpError> {
    if dtype.is_sub_byte() {
        return Err(OpError::Unsupported { what: format!("moving elements of type {dtype}") });
    }
    Ok(dtype.bits() / 8)
}

/// The elements as unsigned codes of one byte each when they are narrower than a byte; otherwise `x` itself.
///
/// # Errors
/// When the tensor cannot be made.
pub fn widen(x: &Tensor) -> Result<Tensor, OpError> {
    if !x.dtype().is_sub_byte() {
        return Ok(x.clone());
    }
    let codes = unpack_bits(x.bytes().as_slice(), x.dtype().bits(), x.len());
    Ok(Tensor::new(DType::U8, x.shape(), Bytes::copy_from(&codes))?)
}

/// The inverse of [`widen`]: codes packed as elements of `dtype`, or `x` itself when they are a byte or more.
///
/// # Errors
/// When the tensor cannot be made.
pub fn narrow(x: Tensor, dtype: DType) -> Result<Tensor, OpError> {
    if !dtype.is_sub_byte() {
        return Ok(x);
    }
    let packed = pack_bits(x.bytes().as_slice(), dtype.bits());
    Ok(Tensor::new(dtype, x.shape(), Bytes::copy_from(&packed))?)
}
