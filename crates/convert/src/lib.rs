//! Checkpoints turned into Core ML packages: GGUF files and Hugging Face folders in, stateful ML Programs out.
//!
//! ```text
//! gguf, safetensors ──▶ checkpoint ──▶ recipes (program) ─┐
//!                           └─ weights ──▶ quantize ──────┴──▶ package
//! ```
//!
//! Weights stream through: nothing holds more than one tensor's scales and, for each thread, a megabyte or so of its rows;
//! where activation statistics are given ([`convert_calibrated`]), also those of one tensor.

mod architectures;
pub mod checkpoint;
mod convert;
mod error;
pub mod gguf;
pub mod quantize;
mod recipes;
mod report;
mod weight_store;
pub mod weights;

pub use checkpoint::Checkpoint;
pub use convert::{ConvertOptions, Progress, SLIDING_WINDOW, convert, convert_calibrated, package_name};
pub use error::ConvertError;
pub use quantize::{Calibration, Quantize, SecondMoments};
pub use recipes::Variant;
pub use report::{Change, Report};
