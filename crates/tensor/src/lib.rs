//! Dense row-major tensors over owned or memory-mapped bytes.
//!
//! [`DType`] covers every element type a Core ML package can hold, the sub-byte integers of compressed weights included;
//! [`Tensor`] couples one with a shape and [`Bytes`], a cheaply cloned, 64-byte aligned (owned) or mapped byte range.
//! Nothing here knows about models.

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
