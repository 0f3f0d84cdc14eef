//! From a prompt to an answer, one token at a time.

mod generation;
mod session;
mod stats;
mod stop;

pub use generation::{Answer, Chunk, FinishReason, GenerateOptions, Generation};
pub use session::Session;
pub use stats::Stats;
pub use stop::StopStrings;
