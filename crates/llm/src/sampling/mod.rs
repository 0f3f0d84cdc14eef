//! Choosing the next token from its logits.

mod candidates;
mod sampler;

pub use sampler::{Sampler, Sampling};
pub(crate) use sampler::{log_probability, most_likely_id};
