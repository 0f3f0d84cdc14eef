//! The language loop: from a conversation to an answer, over one key-value state.
//!
//! [`tokenizer`] turns text into ids and back, [`chat`] spells a conversation for a model, [`sampling`] chooses a token
//! from logits, [`constrain`] keeps the choice within a grammar, [`tools`] takes calls of functions out of a text,
//! [`generate`] computes a prompt and decodes an answer, [`speculate`] guesses ahead, [`snapshot`] keeps a state on disk,
//! [`load`] opens a model folder and [`evaluate`] measures how well a model predicts a text. What runs the model is behind
//! [`LanguageModel`]; [`package`] runs Core ML packages.

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
