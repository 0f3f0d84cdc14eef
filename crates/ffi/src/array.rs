//! Arrays as they cross to another language.

use sottovoce_tensor::{Bytes, DType, Tensor};

use crate::SottovoceError;

/// Element types that Core ML's multi-arrays have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum ElementType {
    /// IEEE half precision.
    Float16,
    /// IEEE single precision.
    Float32,
    /// IEEE double precision.
    Float64,
    /// 32-bit integers.
    Int32,
    /// 8-bit integers.
    Int8,
}

impl ElementType {
    pub(crate) fn of(dtype: DType) -> Option<Self> {
        Some(match dtype {
            DType::F16 => Self::Float16,
            DType::F32 => Self::Float32,
            DType::F64 => Self::Float64,
            DType::I32 => Self::Int32,
            DType::I8 => Self::Int8,
            _ => return None,
        })
    }

    fn dtype(self) -> DType {
        match self {
            Self::Float16 => DType::F16,
            Self::Float32 => DType::F32,
            Self::Float64 => DType::F64,
            Self::Int32 => DType::I32,
            Self::Int8 => DType::I8,
        }
    }
}

/// A dense array in row-major order.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct MultiArray {
    /// Type of its elements.
    pub element_type: ElementType,
    /// Its sizes; none for a single number.
    pub shape: Vec<u64>,
    /// Its elements in the byte order of this machine.
    pub data: Vec<u8>,
}

impl MultiArray {
    /// # Errors
    /// The shape does not have as many elements as the data.
    pub(crate) fn tensor(&self) -> Result<Tensor, SottovoceError> {
        let sizes = self.shape.iter().map(|&size| usize::try_from(size)).collect::<Result<Vec<_>, _>>();
        let sizes = sizes.map_err(|_| SottovoceError::input(format!("no memory holds a shape of {:?}", self.shape)))?;
        Ok(Tensor::new(self.element_type.dtype(), sizes, Bytes::copy_from(&self.data))?)
    }

    /// # Errors
    /// Core ML has no arrays of such elements.
    pub(crate) fn of(name: &str, tensor: &Tensor) -> Result<Self, SottovoceError> {
        let element_type = ElementType::of(tensor.dtype()).ok_or_else(|| {
            SottovoceError::package(format!(
                "output '{name}' is of {}, which is no type of Core ML's arrays",
                tensor.dtype()
            ))
        })?;
        let shape = tensor.shape().iter().map(|&size| size as u64).collect();
        Ok(Self { element_type, shape, data: tensor.bytes().as_slice().to_vec() })
    }
}

/// Samples of mono sound from 32-bit floats in the byte order of this machine.
///
/// # Errors
/// The bytes are not whole samples.
pub(crate) fn samples(bytes: &[u8]) -> Result<Vec<f32>, SottovoceError> {
    let (samples, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        let reason = format!("{} bytes of sound are no whole number of 32-bit floats", bytes.len());
        return Err(SottovoceError::Input { reason });
    }
    Ok(samples.iter().map(|&sample| f32::from_ne_bytes(sample)).collect())
}

/// The inverse of [`samples`].
pub(crate) fn sample_bytes(samples: &[f32]) -> Vec<u8> {
    bytemuck::cast_slice(samples).to_vec()
}
