use std::{
    collections::HashMap,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use sottovoce_kernels::{PackedLayout, PackedLinear, Team};
use sottovoce_tensor::Bytes;

use super::{CHUNK, ENTRY_BYTES, Fingerprint, HEADER_BYTES, Key, MAGIC, TRAILER_BYTES, VERSION};
use crate::error::RuntimeError;

/// A packed cache whose bytes were checked.
#[derive(Debug)]
pub struct Archive {
    bytes: Bytes,
    entries: HashMap<Key, (PackedLayout, usize)>,
}

impl Archive {
    /// Maps and checks the cache at `path`, which has to be of weight files with this fingerprint.
    ///
    /// # Errors
    /// [`RuntimeError::PackedCache`] when it cannot be read, belongs to other weight files, or is damaged.
    pub fn open(path: &Path, fingerprint: &Fingerprint, team: &Team) -> Result<Self, RuntimeError> {
        let error = |reason: String| RuntimeError::PackedCache { path: path.to_owned(), reason };
        let bytes = Bytes::map(path).map_err(|source| error(source.to_string()))?;
        Self::parse(bytes, fingerprint, team).map_err(|reason| error(reason.to_owned()))
    }

    /// The same for bytes that were read already; an error is the reason alone.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn parse(bytes: Bytes, fingerprint: &Fingerprint, team: &Team) -> Result<Self, &'static str> {
        let (header, _) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or("is shorter than its header")?;
        if header[..8] != *MAGIC {
            return Err("is not a packed cache");
        }
        if header[8..12] != VERSION.to_le_bytes() {
            return Err("was written by another version");
        }
        if header[32..] != *fingerprint {
            return Err("belongs to other weights, or to these before they changed");
        }
        let (table, trailer) = bytes.split_last_chunk::<TRAILER_BYTES>().ok_or("is shorter than its trailer")?;
        let (image_bytes, count) = (number(trailer), number(&trailer[8..12]));
        let table_start =
            usize::try_from(image_bytes).ok().filter(|start| (HEADER_BYTES..=table.len()).contains(start));
        let (image, table) = table.split_at(table_start.ok_or("is truncated")?);
        let checksum_bytes = image.len().div_ceil(CHUNK) * 4;
        let entry_bytes = usize::try_from(count).ok().and_then(|count| count.checked_mul(ENTRY_BYTES));
        if entry_bytes.and_then(|entries| entries.checked_add(checksum_bytes)) != Some(table.len()) {
            return Err("is truncated");
        }
        if number(&trailer[12..]) != u64::from(crc32fast::hash(&bytes[image.len()..bytes.len() - 4])) {
            return Err("has a damaged table of contents");
        }
        let (entries, checksums) = table.split_at(table.len() - checksum_bytes);
        let mut found = HashMap::new();
        for entry in entries.as_chunks::<ENTRY_BYTES>().0 {
            let (key, rest) = entry.split_first_chunk::<{ size_of::<Key>() }>().ok_or("has a damaged entry")?;
            let (record, offset) = rest.split_first_chunk().ok_or("has a damaged entry")?;
            let layout = PackedLayout::from_record(record).ok_or("has an entry of no known layout")?;
            let offset = usize::try_from(number(offset)).ok().filter(|offset| offset.is_multiple_of(HEADER_BYTES));
            let offset = offset.ok_or("has a misplaced matrix")?;
            let end = offset.checked_add(layout.bytes());
            if end.is_none_or(|end| end > image.len()) {
                return Err("has a misplaced matrix");
            }
            found.insert(*key, (layout, offset));
        }
        if !is_intact(image, checksums, team) {
            return Err("is damaged");
        }
        Ok(Self { bytes, entries: found })
    }

    /// What the matrices were made of.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.entries.keys()
    }

    /// The matrix that was made of what `key` stands for.
    pub fn matrix(&self, key: &Key) -> Option<PackedLinear> {
        let (layout, offset) = self.entries.get(key)?;
        PackedLinear::from_packed(*layout, &self.bytes.slice(*offset, layout.bytes()).ok()?).ok()
    }
}

/// Compares every chunk with its checksum.
fn is_intact(image: &[u8], checksums: &[u8], team: &Team) -> bool {
    let chunks: Vec<_> = image.chunks(CHUNK).zip(checksums.as_chunks::<4>().0).collect();
    let intact = AtomicBool::new(true);
    team.for_each(chunks.len(), |_, index| {
        let (chunk, checksum) = chunks[index];
        if crc32fast::hash(chunk).to_le_bytes() != *checksum {
            intact.store(false, Ordering::Relaxed);
        }
    });
    intact.into_inner()
}

/// A little-endian number of up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}
