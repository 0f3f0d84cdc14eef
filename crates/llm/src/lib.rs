//! The language loop: from a conversation to an answer, over one key-value state.
//!
//! [`tokenizer`] turns text into ids and back, [`chat`] spells a conversation for a model, [`sampling`] chooses a token
//! from logits, [`constrain`] keeps the choice within a grammar, [`tools`] takes calls of functions out of a text,
//! [`generate`] computes a prompt and decodes an answer, [`speculate`] guesses ahead, [`snapshot`] keeps a state on disk,
//! [`load`] opens a model folder and [`evaluate`] measures how well a model predicts a text. What runs the model is behind
//! [`LanguageModel`]; [`package`] runs Core ML packages.
//!
//! ```no_run
//! use std::{ops::ControlFlow, path::Path, sync::Arc};
//!
//! use sottovoce_llm::{generate::GenerateOptions, load::ModelFolder, package::PackageModel};
//! use sottovoce_runtime::{LoadOptions, Model};
//!
//! let folder = ModelFolder::open(Path::new("smollm2"))?;
//! let (model, _) = folder.packages.load(|package| {
//!     let model = Model::load(&package.path, &LoadOptions::default())?;
//!     Ok::<_, Box<dyn std::error::Error>>(PackageModel::new(Arc::new(model))?)
//! })?;
//! let mut conversation = folder.conversation(model)?;
//! conversation.ask("What is the capital of Japan?", GenerateOptions::default(), |piece| {
//!     print!("{piece}");
//!     ControlFlow::Continue(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod chat;
pub mod constrain;
mod error;
pub mod evaluate;
mod files;
pub mod generate;
pub mod load;
mod model;
pub mod package;
pub mod sampling;
pub mod snapshot;
pub mod speculate;
pub mod tokenizer;
pub mod tools;

pub use error::LlmError;
pub use model::{Identity, LanguageModel, PREFILL_CHUNK};
