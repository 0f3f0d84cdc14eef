//! Checkpoints turned into Core ML packages: GGUF files and Hugging Face folders in, stateful ML Programs out.
//!
//! ```text
//! gguf, safetensors ──▶ checkpoint ──▶ recipes (program) ─┐
//!                           └─ weights ──▶ quantize ──────┴──▶ package
//! ```
//!
//! Weights stream through: nothing holds more than one tensor's scales and, for each thread, a megabyte or so of its rows;
//! where activation statistics are given ([`convert_calibrated`]), also those and the codes of one tensor.
//!
//! ```no_run
//! use std::{ops::ControlFlow, path::Path};
//!
//! use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, convert, package_name};
//!
//! let checkpoint = Checkpoint::open(Path::new("SmolLM2-135M-Instruct.Q4_1.gguf"))?;
//! let options = ConvertOptions { quantize: Quantize::Int4, context: Some(512), ..ConvertOptions::default() };
//! let target = package_name(&checkpoint, &options)?;
//! convert(&checkpoint, Path::new(&target), &options, &mut |progress| {
//!     println!("{} of {} bytes", progress.done, progress.total);
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), sottovoce_convert::ConvertError>(())
//! ```

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
pub use convert::{
    ConvertOptions, Progress, SLIDING_WINDOW, calibrated_matrices, convert, convert_calibrated, package_name,
};
pub use error::ConvertError;
pub use quantize::{Calibration, OutputMoments, Quantize, Rounded, SecondMoments};
pub use recipes::Variant;
pub use report::{Change, Report};
