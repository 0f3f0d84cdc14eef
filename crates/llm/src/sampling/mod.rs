//! Choosing the next token from its logits.

mod candidates;
mod defaults;
mod dry;
mod filters;
mod history;
mod options;
mod probability;
mod sampler;

pub use defaults::Defaults;
pub use options::{Dry, Penalties, Sampling};
pub(crate) use probability::{likeliest_with_margin, log_probability, log_sum_exp, most_likely_id};
pub use sampler::{Choice, Sampler};
