//! From a prompt to an answer, one token at a time.

mod generation;
mod prefix_cache;
mod session;
mod stats;
mod stop;

pub use generation::{Answer, Chunk, FinishReason, GenerateOptions, Generation};
pub use prefix_cache::{PrefixCache, PrefixUse};
pub use session::Session;
pub(crate) use session::common_length;
pub use stats::Stats;
pub use stop::StopStrings;
pub(crate) use stop::undecided_end;
