//! Choosing the next token from its logits.

mod candidates;
mod sampler;

pub use sampler::{Sampler, Sampling};
pub(crate) use sampler::{likeliest_with_margin, log_probability, log_sum_exp, most_likely_id};
