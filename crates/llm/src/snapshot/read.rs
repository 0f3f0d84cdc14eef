use std::path::Path;

use sottovoce_tensor::{Bytes, Tensor};

use super::{
    ALIGNMENT, CACHE_BYTES, CHECKSUM_BYTES, Contents, DTYPES, HEADER_BYTES, MAGIC, MAX_CACHES, MAX_TEXT_BYTES,
    MAX_TOKENS, Snapshot, VERSION,
};
use crate::{Identity, LlmError};

/// Reads the file at `path`, which is mapped: keys and values stay in it until they are copied into a state.
///
/// # Errors
/// It cannot be read, is no such file, of another version, cut, or damaged.
pub fn read(path: &Path) -> Result<Contents, LlmError> {
    parse(&map(path)?).map_err(|reason| LlmError::Snapshot { path: path.to_owned(), reason: reason.to_owned() })
}

/// The text of the file at `path`, and how many tokens are kept with it.
///
/// # Errors
/// As [`read`], but for damage of keys and values, which are not looked at.
pub fn read_text(path: &Path) -> Result<(String, usize), LlmError> {
    let bytes = map(path)?;
    let head = Head::parse(&bytes)
        .map_err(|reason| LlmError::Snapshot { path: path.to_owned(), reason: reason.to_owned() })?;
    Ok((head.text.to_owned(), head.tokens.len()))
}

/// What `bytes` hold; an error is the reason alone.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &Bytes) -> Result<Contents, &'static str> {
    let head = Head::parse(bytes)?;
    let text = head.text.to_owned();
    if head.tokens.is_empty() {
        return Ok(Contents { text, snapshot: None });
    }
    let rows = head.caches.iter().map(|cache| {
        let data = bytes.slice(cache.offset, cache.bytes).map_err(|_| CUT)?;
        if crc32fast::hash(&data) != cache.checksum {
            return Err("its keys and values are damaged");
        }
        Tensor::new(DTYPES[cache.dtype], cache.shape, data).map_err(|_| IMPOSSIBLE)
    });
    let rows = rows.collect::<Result<_, _>>()?;
    let tokens = head.tokens.iter().map(|id| u32::from_le_bytes(*id)).collect();
    Ok(Contents { text, snapshot: Some(Snapshot { identity: head.identity, tokens, rows }) })
}

const CUT: &str = "it is cut, or longer than it says";
const IMPOSSIBLE: &str = "its numbers cannot be right";

fn map(path: &Path) -> Result<Bytes, LlmError> {
    // A folder or a pipe has no bytes to map.
    let io = |source| LlmError::Io { path: path.to_owned(), source };
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(LlmError::Snapshot { path: path.to_owned(), reason: "it is no file".to_owned() });
    }
    Bytes::map(path).map_err(LlmError::model)
}

/// What comes before the keys and values, checked.
struct Head<'b> {
    identity: Identity,
    text: &'b str,
    tokens: &'b [[u8; 4]],
    caches: Vec<CacheEntry>,
}

struct CacheEntry {
    /// Index of the element type.
    dtype: usize,
    shape: [usize; 5],
    checksum: u32,
    offset: usize,
    bytes: usize,
}

impl<'b> Head<'b> {
    fn parse(file: &'b [u8]) -> Result<Self, &'static str> {
        let header = file.first_chunk::<HEADER_BYTES>().ok_or("it is shorter than a header")?;
        if header[..8] != *MAGIC {
            return Err("it holds no conversation or state");
        }
        let numbers = header[8..].as_chunks::<4>().0;
        let number = |index: usize| u32::from_le_bytes(numbers[index]) as usize;
        if number(0) != VERSION as usize {
            return Err("it was written by another version");
        }
        let (text_bytes, tokens, caches) = (number(1), number(2), number(3));
        if text_bytes > MAX_TEXT_BYTES || tokens > MAX_TOKENS || caches > MAX_CACHES {
            return Err(IMPOSSIBLE);
        }
        // Sums of numbers that were bounded.
        let body = text_bytes + 4 * tokens + CACHE_BYTES * caches;
        let end = HEADER_BYTES + body + CHECKSUM_BYTES;
        let checksum = file.get(end - CHECKSUM_BYTES..end).ok_or(CUT)?;
        if crc32fast::hash(&file[..end - CHECKSUM_BYTES]).to_le_bytes() != *checksum {
            return Err("its text or its list of tokens is damaged");
        }
        let (text, rest) = file[HEADER_BYTES..HEADER_BYTES + body].split_at(text_bytes);
        let (ids, entries) = rest.split_at(4 * tokens);
        let mut offset = end;
        let mut found = Vec::new();
        for entry in entries.as_chunks::<CACHE_BYTES>().0 {
            let numbers = entry.as_chunks::<4>().0;
            let number = |index: usize| u32::from_le_bytes(numbers[index]);
            let dtype = (number(0) as usize).checked_sub(1).filter(|&index| index < DTYPES.len()).ok_or(IMPOSSIBLE)?;
            let [layers, batch, heads, size] = [1, 2, 3, 4].map(|index| number(index) as usize);
            let shape = [layers, batch, heads, tokens, size];
            let elements = shape.iter().try_fold(1, |product: usize, &size| product.checked_mul(size));
            let bytes = elements.and_then(|count| DTYPES[dtype].packed_len(count)).ok_or(IMPOSSIBLE)?;
            offset = offset.next_multiple_of(ALIGNMENT);
            found.push(CacheEntry { dtype, shape, checksum: number(5), offset, bytes });
            offset = offset.checked_add(bytes).filter(|&end| end <= file.len()).ok_or(CUT)?;
        }
        if offset != file.len() {
            return Err(CUT);
        }
        let text = std::str::from_utf8(text).map_err(|_| "its text is no UTF-8")?;
        let identity = *header.last_chunk().ok_or(IMPOSSIBLE)?;
        Ok(Self { identity, text, tokens: ids.as_chunks::<4>().0, caches: found })
    }
}
