//! Core ML packages: the folder, the model description, the ML Program and its weight file.
//!
//! This crate knows how a package is written down, not how anything in it is computed.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use sottovoce_mil::Package;
//!
//! let package = Package::open(Path::new("Llama-Stateful-4bit-512.mlpackage"))?;
//! for function in package.functions() {
//!     let interface = package.interface(function).into_iter();
//!     let states: Vec<_> = interface.flat_map(|interface| &interface.states).map(|state| &state.name).collect();
//!     println!("{function} keeps {states:?}");
//! }
//! # Ok::<(), sottovoce_mil::MilError>(())
//! ```

mod blob;
pub mod builder;
pub mod description;
mod error;
pub mod lint;
mod literal;
mod package;
pub mod program;
mod proto;
pub mod text;
pub mod validate;
mod writer;

pub use blob::BlobSink;
pub use error::MilError;
pub use package::Package;
pub use proto::{MAX_MODEL_BYTES, Model};
pub use writer::{PackageWriter, write_package};
