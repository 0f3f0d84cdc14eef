//! States on disk: the tokens of a sequence with their keys and values, and a text that belongs to them.
//!
//! One file, replaced as a whole. All numbers are little-endian.
//!
//! | part | bytes | holds |
//! |---|---|---|
//! | header | 64 | magic, version u32, bytes of the text u32, number of tokens u32, number of caches u32, 8 zeros, [`Identity`] of the model |
//! | text | | UTF-8, such as the messages of a conversation |
//! | tokens | 4 each | ids |
//! | caches | 24 each | element type u32, layers u32, batch u32, heads u32, size u32, CRC-32 of keys or values |
//! | checksum | 4 | CRC-32 of all before |
//! | keys and values | | of each cache, [layers, batch, heads, tokens, size], from a multiple of 64 |
//!
//! A file without tokens has a text alone. Element types are 1 for f16 and 2 for f32. The numbers of the header say how
//! long the file is, to the byte; nothing is allocated or read before that holds. A list of such files needs no more than
//! their texts, which have a checksum of their own.

mod read;
mod write;

use sottovoce_tensor::{DType, Tensor};

use crate::Identity;

pub use read::{parse, read, read_text};
pub use write::write;

/// The tokens in a state, with their keys and values.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What computed them.
    pub identity: Identity,
    /// The tokens.
    pub tokens: Vec<u32>,
    /// Keys and values, [layers, batch, heads, tokens, size] of each cache; none of a model that has no cache.
    pub rows: Vec<Tensor>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The text.
    pub text: String,
    /// The state, if there is one.
    pub snapshot: Option<Snapshot>,
}

const MAGIC: &[u8; 8] = b"SVSTATE\n";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 64;
const CACHE_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 4;
/// What keys and values are aligned to in the file.
const ALIGNMENT: usize = 64;
/// The largest text; a conversation that fills a context of 128k tokens takes half a megabyte.
const MAX_TEXT_BYTES: usize = 16 << 20;
/// More than any context.
const MAX_TOKENS: usize = 1 << 24;
/// More than any model has.
const MAX_CACHES: usize = 1 << 10;
/// The element types by their numbers in the file, which begin at 1.
const DTYPES: [DType; 2] = [DType::F16, DType::F32];
