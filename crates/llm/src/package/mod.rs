//! Language models that are Core ML packages.
//!
//! This is where positions and masks come from: ids are appended, the mask says where they stand and what they may see.

mod inputs;
mod interface;
mod model;

pub use interface::{Cache, CacheInput, ExampleInput, Input, LanguageInterface, Role};
pub use model::{BATCHED_PREFILL_CHUNK, PackageModel};
