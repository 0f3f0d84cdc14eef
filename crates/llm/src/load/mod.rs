//! Model folders: the packages of one model and what makes text of its tokens.

mod folder;
mod packages;

pub use folder::{ModelFolder, tokenizer_file};
pub use packages::{Attempt, LoadReport, Package, Packages, Weights};
