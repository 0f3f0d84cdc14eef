//! Model folders: the packages of one model and what makes text of its tokens.

mod folder;
mod packages;
mod tokenizer_source;

pub use folder::ModelFolder;
pub use packages::{Attempt, LoadReport, Package, Packages, Weights};
pub use tokenizer_source::{TextFiles, TokenizerSource};
