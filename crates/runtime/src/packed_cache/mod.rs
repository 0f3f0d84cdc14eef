//! The packed cache: a file beside a package that holds its weight matrices as the kernels read them, so that a later
//! load maps it instead of packing.
//!
//! `NAME.packed` lies beside `NAME.mlpackage`, which stays untouched. It may be deleted at any time, and is the same on
//! every machine: the packed layout does not depend on the instruction set. All numbers are little-endian.
//!
//! | part | bytes | holds |
//! |---|---|---|
//! | header | 64 | magic, version u32, 20 zeros, [`Fingerprint`] of the weight files |
//! | matrices | | in the packed layout, each from a multiple of 64 |
//! | entries | 80 each | [`Key`] of a matrix, record of its layout, offset u64 in the file |
//! | checksums | 4 each | CRC-32 of every 4 MiB of header and matrices |
//! | trailer | 16 | bytes of header and matrices u64, number of entries u32, CRC-32 of all since the matrices |
//!
//! The fingerprint says whether the file belongs to the weight files as they are now, a key what a matrix was made of.
//! Everything is checked before it is used, the matrices too: reading them once costs no more than the first token.

mod identity;
mod read;
mod write;

use sottovoce_kernels::{PACKED_VERSION, PackedLayout};

#[cfg(target_vendor = "apple")]
pub(crate) use identity::package_fingerprint;
pub use identity::{Fingerprint, Key};
pub(crate) use identity::{fingerprint, function_fingerprint, key};
pub use read::Archive;
pub(crate) use write::Writer;

const MAGIC: &[u8; 8] = b"SVPACKED";
/// Version of the file in the upper half, of the packed layout in the lower.
const VERSION: u32 = 1 << 16 | PACKED_VERSION;
const HEADER_BYTES: usize = 64;
const ENTRY_BYTES: usize = size_of::<Key>() + PackedLayout::RECORD_BYTES + 8;
const TRAILER_BYTES: usize = 16;
/// Bytes that share a checksum.
const CHUNK: usize = 4 << 20;

/// Where the cache of the package at `path` is.
pub(crate) fn path(package: &std::path::Path) -> std::path::PathBuf {
    package.with_extension("packed")
}

/// What the file of weight files with this fingerprint begins with.
pub fn header(fingerprint: &Fingerprint) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[32..].copy_from_slice(fingerprint);
    header
}
