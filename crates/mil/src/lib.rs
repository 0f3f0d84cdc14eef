//! Core ML packages: the folder, the model description, the ML Program and its weight file.
//!
//! This crate knows how a package is written down, not how anything in it is computed.

pub mod description;
pub mod program;
