//! Core ML packages: the folder, the model description, the ML Program and its weight file.
//!
//! This crate knows how a package is written down, not how anything in it is computed.

pub mod builder;
pub mod description;
mod error;
mod literal;
pub mod program;
pub mod validate;

pub use error::MilError;
