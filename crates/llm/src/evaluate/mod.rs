//! How well a model predicts a text.

mod perplexity;

pub use perplexity::{Perplexity, Windows, perplexity};
