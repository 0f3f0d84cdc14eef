//! Results of the element type that inference found.

use sottovoce_tensor::{Bytes, DType, Tensor};

use crate::{error::OpError, op::EvalContext};

/// A tensor of integers or booleans from 64-bit values, wrapped to the element type as two's complement does.
///
/// # Errors
/// [`OpError::Unsupported`] for floats and for sub-byte types, which only compressed weights have.
pub fn integers(dtype: DType, shape: &[usize], values: &[i64]) -> Result<Tensor, OpError> {
    let bytes: Vec<u8> = match dtype {
        DType::Bool => values.iter().map(|&v| u8::from(v != 0)).collect(),
        DType::I8 | DType::U8 => values.iter().map(|&v| v as u8).collect(),
        DType::I16 | DType::U16 => values.iter().flat_map(|&v| (v as u16).to_le_bytes()).collect(),
        DType::I32 | DType::U32 => values.iter().flat_map(|&v| (v as u32).to_le_bytes()).collect(),
        DType::I64 | DType::U64 => values.iter().flat_map(|&v| v.to_le_bytes()).collect(),
        _ => return Err(OpError::Unsupported { what: format!("an integer result of type {dtype}") }),
    };
    Ok(Tensor::new(dtype, shape, Bytes::copy_from(&bytes))?)
}

/// `x` with its float elements in another float type.
///
/// # Errors
/// When the tensor cannot be made.
pub fn with_float_type(x: &Tensor, dtype: DType) -> Result<Tensor, OpError> {
    if x.dtype() == dtype || !x.dtype().is_float() {
        return Ok(x.clone());
    }
    Ok(Tensor::from_f32(dtype, x.shape(), &x.to_f32_vec())?)
}

/// Tensors whose elements are moved into one result, with one storage type: in exact mode an f16 constant can meet a
/// value that is kept in f32.
///
/// # Errors
/// When a tensor cannot be made.
pub fn same_storage(tensors: &[&Tensor]) -> Result<Vec<Tensor>, OpError> {
    let widest = tensors.iter().map(|tensor| tensor.dtype()).max_by_key(|dtype| dtype.bits()).unwrap_or(DType::F32);
    tensors.iter().map(|tensor| with_float_type(tensor, widest)).collect()
}

/// The only argument `x`, unchanged except for its shape.
///
/// # Errors
/// When the number of elements differs.
pub fn reshaped(ctx: &EvalContext<'_>, shape: &[usize]) -> Result<Vec<Tensor>, OpError> {
    Ok(vec![ctx.tensor("x")?.reshape(shape)?])
}
