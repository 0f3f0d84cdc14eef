//! Weights as checkpoints store them: formats, their blocks, and row-by-row reading from files or a generator.

mod blocks;
mod format;
mod random;
mod stored;

pub(crate) use blocks::{BlockGroups, Group, unpack_block};
pub use format::WeightFormat;
pub(crate) use random::RandomWeights;
pub use stored::{RowOrder, StoredTensor};
pub(crate) use stored::{SharedFile, dequantise};
