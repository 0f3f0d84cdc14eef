//! Dense row-major tensors over owned or memory-mapped bytes.
//!
//! [`DType`] covers every element type a Core ML package can hold, the sub-byte integers of compressed weights included;
//! [`Tensor`] couples one with a shape and [`Bytes`], a cheaply cloned, 64-byte aligned (owned) or mapped byte range.
//! Nothing here knows about models.
//!
//! ```
//! use sottovoce_tensor::{DType, Tensor};
//!
//! let tensor = Tensor::from_f32(DType::F16, [2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])?;
//! let column = tensor.narrow(1, 1..2)?;
//! assert_eq!(column.shape(), [2, 1]);
//! assert_eq!(column.to_f32_vec(), [1.0, 4.0]);
//! # Ok::<(), sottovoce_tensor::TensorError>(())
//! ```

mod bytes;
mod dtype;
mod error;
#[cfg(feature = "npz")]
pub mod npz;
mod packed;
mod tensor;

pub use bytes::Bytes;
pub use dtype::{DType, Element};
pub use error::TensorError;
pub use packed::{pack_bits, unpack_bits};
pub use tensor::{Tensor, num_elements, row_major_strides};
