//! Weights as checkpoints store them: formats, their blocks, and row-by-row reading from files.

mod blocks;
mod format;
mod stored;

pub(crate) use blocks::{BlockGroups, Group, unpack_block};
pub use format::WeightFormat;
pub(crate) use stored::dequantise;
pub use stored::{RowOrder, StoredTensor};
