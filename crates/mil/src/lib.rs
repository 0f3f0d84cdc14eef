//! Core ML packages: the folder, the model description, the ML Program and its weight file.
//!
//! This crate knows how a package is written down, not how anything in it is computed.

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
