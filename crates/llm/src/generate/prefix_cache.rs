//! Beginnings of prompts that many conversations share.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sottovoce_tensor::Tensor;

use crate::{Identity, LanguageModel, LlmError};

/// Keys and values of shared beginnings, such as a system prompt, for all sessions that are given the cache.
///
/// A beginning is kept in the calls that computed it: whole chunks of [`LanguageModel::max_rows`] tokens, then the rest.
/// Those calls depend on its tokens alone ([`GenerateOptions::shared_prefix`]), so that keys and values from the cache
/// are bit for bit what the session would have computed, and so is every answer. Beginnings that differ only behind some
/// chunks have those chunks in common.
///
/// What was used least recently goes when the bound is reached. The lock is held while chunks are looked up or linked,
/// never while keys and values are computed or copied.
///
/// [`GenerateOptions::shared_prefix`]: super::GenerateOptions::shared_prefix
#[derive(Debug)]
pub struct PrefixCache {
    limit: usize,
    chunks: Mutex<Chunks>,
}

/// What a [`PrefixCache`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrefixUse {
    /// Bytes of keys, values and tokens.
    pub bytes: usize,
    /// Tokens whose keys and values are held.
    pub tokens: usize,
}

#[derive(Debug, Default)]
struct Chunks {
    /// By the model, and all tokens from the beginning to the end of the chunk.
    map: HashMap<(Identity, Vec<u32>), Chunk>,
    bytes: usize,
    /// Counts uses.
    clock: u64,
}

#[derive(Debug)]
struct Chunk {
    rows: Vec<Tensor>,
    tokens: usize,
    bytes: usize,
    used: u64,
}

impl PrefixCache {
    /// An empty cache of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, chunks: Mutex::default() }
    }

    /// What it holds.
    pub fn in_use(&self) -> PrefixUse {
        let chunks = self.lock();
        PrefixUse { bytes: chunks.bytes, tokens: chunks.map.values().map(|chunk| chunk.tokens).sum() }
    }

    /// Appends to an empty `model` the longest beginning of `prefix` that is held. Returns its length.
    pub(super) fn restore(&self, model: &mut impl LanguageModel, prefix: &[u32]) -> Result<usize, LlmError> {
        let Some(identity) = model.identity() else { return Ok(0) };
        let found: Vec<(Range<usize>, Vec<Tensor>)> = {
            let mut chunks = self.lock();
            let now = chunks.tick();
            let ranges = chunk_ranges(prefix.len(), model.max_rows());
            // Tensors share their bytes.
            let held = ranges.map_while(|range| {
                let chunk = chunks.map.get_mut(&(identity, prefix[..range.end].to_vec()))?;
                chunk.used = now;
                Some((range, chunk.rows.clone()))
            });
            held.collect()
        };
        for (range, rows) in &found {
            model.append_rows(&prefix[range.clone()], rows)?;
        }
        Ok(found.last().map_or(0, |(range, _)| range.end))
    }

    /// Keeps `prefix`, with which the state of `model` begins.
    pub(super) fn keep(&self, model: &impl LanguageModel, prefix: &[u32]) -> Result<(), LlmError> {
        let Some(identity) = model.identity() else { return Ok(()) };
        for range in chunk_ranges(prefix.len(), model.max_rows()) {
            let key = (identity, prefix[..range.end].to_vec());
            if self.lock().map.contains_key(&key) {
                continue;
            }
            let rows = model.rows(range.clone())?;
            let bytes = rows.iter().map(|rows| rows.bytes().len()).sum::<usize>() + size_of_val(&key.1[..]);
            self.lock().insert(key, Chunk { rows, tokens: range.len(), bytes, used: 0 }, self.limit);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Chunks> {
        // No code that can panic leaves it half changed.
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Chunks {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn insert(&mut self, key: (Identity, Vec<u32>), mut chunk: Chunk, limit: usize) {
        chunk.used = self.tick();
        self.bytes += chunk.bytes;
        if let Some(replaced) = self.map.insert(key, chunk) {
            self.bytes -= replaced.bytes;
        }
        while self.bytes > limit {
            // Of a beginning that was used at once the end goes first, as it is of no use without what is before it.
            let oldest = self.map.iter().min_by_key(|((_, tokens), chunk)| (chunk.used, Reverse(tokens.len())));
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            self.bytes -= self.map.remove(&oldest).map_or(0, |chunk| chunk.bytes);
        }
    }
}

/// The calls that compute the first `len` tokens.
fn chunk_ranges(len: usize, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let rows = rows.max(1);
    (0..len).step_by(rows).map(move |start| start..len.min(start + rows))
}
