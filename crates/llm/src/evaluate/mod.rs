//! How well a model predicts a text, and how far its predictions are from those of others.

mod comparison;
mod greedy;
mod perplexity;

pub use comparison::{Comparison, Divergence, Path, compare};
pub use greedy::{Choice, greedy};
pub use perplexity::{Perplexity, Windows, perplexity};
