//! Weight files, `weight.bin`: version 2 of Core ML's blob storage.
//!
//! A 64-byte header (number of blobs and version, each u32) and then, for each blob, 64 bytes of metadata and the data,
//! each at a multiple of 64. Metadata is a magic number and a type (u32 each), the size in bytes, the offset of the
//! data and the unused bits of the last byte (u64 each). All numbers are little-endian; what is left of header and
//! metadata is reserved, and older tools left garbage in it.

mod reader;
mod writer;

use sottovoce_tensor::DType;

pub(crate) use reader::BlobFile;
pub use writer::BlobSink;
pub(crate) use writer::BlobWriter;

const ALIGNMENT: u64 = 64;
const HEADER_LEN: u64 = 64;
const METADATA_LEN: u64 = 64;
const VERSION: u32 = 2;
const MAGIC: u32 = 0xDEAD_BEEF;

/// Types that blobs can have, by their numbers. 16 and 17 are 8-bit floats, which tensors do not hold.
const TYPES: [(u32, DType); 15] = [
    (1, DType::F16),
    (2, DType::F32),
    (3, DType::U8),
    (4, DType::I8),
    (5, DType::BF16),
    (6, DType::I16),
    (7, DType::U16),
    (8, DType::I4),
    (9, DType::U1),
    (10, DType::U2),
    (11, DType::U4),
    (12, DType::U3),
    (13, DType::U6),
    (14, DType::I32),
    (15, DType::U32),
];

/// What the 64 bytes in front of a blob's data say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// One of [`TYPES`], or a number that this version does not know.
    pub type_number: u32,
    /// Bytes of data.
    pub len: u64,
    /// Where the data starts in the file.
    pub data_offset: u64,
    /// Unused bits of the last byte; garbage in older files for types of whole bytes.
    pub padding_bits: u64,
}

fn type_number(dtype: DType) -> Option<u32> {
    TYPES.iter().find(|entry| entry.1 == dtype).map(|entry| entry.0)
}

fn type_name(number: u32) -> String {
    match TYPES.iter().find(|entry| entry.0 == number) {
        Some((_, dtype)) => dtype.to_string(),
        None => format!("type {number}"),
    }
}

#[cfg(test)]
mod tests;
