//! Attention of many rows in integers: keys, queries, weights and values are rounded so finely that the sums of their
//! products just fit 32 bits.

use super::{Attention, AttentionScratch, TILE_CHUNK, take};
use crate::{Kernels, Precision, RowsMut, Team, kernels::dispatch, team::Parts};

/// The largest integer of a value, and of a weight, which is at most 1: [`TILE_CHUNK`] products fit an i32.
pub(crate) const VALUE_LIMIT: f32 = 4095.0;
const _: () = assert!(TILE_CHUNK as u64 * 4095 * 4095 <= i32::MAX as u64);

/// The largest integer of a key, and of a query: `head_dim` products fit an i32.
pub(crate) fn key_limit(head_dim: usize) -> f32 {
    ((i32::MAX as f32 * 0.99 / head_dim as f32).sqrt().floor()).min(f32::from(i16::MAX))
}

/// Keys and values of [`TILE_CHUNK`] positions of a cache head as pairs of 16-bit integers.
pub(crate) struct RoundedChunk<'a> {
    /// Pairs along the head, 16 positions side by side: \[positions ∕ 16, [`key_pairs`], 16\].
    pub keys: &'a [i32],
    /// \[positions\]
    pub key_scales: &'a [f32],
    /// Pairs of positions, 16 apart of each 32: \[positions ∕ 2, head_dim\].
    pub values: &'a [i32],
    /// \[head_dim\]
    pub value_scales: &'a [f32],
}

/// [`RoundedChunk`] being written.
pub(crate) struct RoundedChunkMut<'a> {
    pub keys: &'a mut [i32],
    pub key_scales: &'a mut [f32],
    pub values: &'a mut [i32],
    pub value_scales: &'a mut [f32],
}

/// Pairs of a key or query: elements 16 apart of each 32, the last of which are paired with 0 if the head is no multiple.
pub(crate) fn key_pairs(head_dim: usize) -> usize {
    head_dim.next_multiple_of(32) / 2
}

/// Words of the keys, the values and the scales of a chunk: multiples of a [`Line`].
fn chunk_len(head_dim: usize) -> [usize; 3] {
    [TILE_CHUNK * key_pairs(head_dim), TILE_CHUNK / 2 * head_dim, TILE_CHUNK + head_dim]
}

/// A cache line of words: vectors that lie across two take twice as long to read.
#[derive(Debug, Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([i32; 16]);

/// Keys and values of a cache as attention of many rows takes them, kept from call to call: as much memory again as the cache
/// takes, and a tenth. The first positions, in whole chunks, are not rounded again until [`RoundedCache::truncate`] forgets
/// them.
#[derive(Debug, Clone, Default)]
pub struct RoundedCache {
    /// Chunk by chunk, and head by head in each.
    lines: Vec<Line>,
    /// Chunks that need not be rounded again.
    chunks: usize,
}

impl RoundedCache {
    /// Forgets the positions from `len` on: the cache has others there, or will have.
    pub fn truncate(&mut self, len: usize) {
        self.chunks = self.chunks.min(len / TILE_CHUNK);
    }

    /// Room for so many words.
    fn words(&mut self, count: usize) -> &mut [i32] {
        let lines = count / 16;
        if lines > self.lines.len() {
            self.lines.reserve_exact(lines - self.lines.len());
            self.lines.resize(lines, Line([0; 16]));
        }
        bytemuck::cast_slice_mut(&mut self.lines[..lines])
    }
}

/// All chunks of a cache head.
pub(crate) struct RoundedHead<'a> {
    words: &'a [i32],
    kv_heads: usize,
    kv_head: usize,
}

impl RoundedHead<'_> {
    pub fn chunk(&self, index: usize, head_dim: usize) -> RoundedChunk<'_> {
        let [keys, values, scales] = chunk_len(head_dim);
        let len = keys + values + scales;
        let (keys, rest) = self.words[(index * self.kv_heads + self.kv_head) * len..][..len].split_at(keys);
        let (values, scales) = rest.split_at(values);
        let (key_scales, value_scales) = bytemuck::cast_slice(scales).split_at(TILE_CHUNK);
        RoundedChunk { keys, key_scales, values, value_scales }
    }
}

impl Kernels {
    /// Keys and values are rounded chunk by chunk, where they were not before; then each unit of work is a tile of the queries
    /// of one head of the cache.
    pub(super) fn attend_rounded(
        self,
        team: &Team,
        attention: &Attention<'_>,
        scratch: &mut AttentionScratch,
        rounded: &mut RoundedCache,
        out: &RowsMut<'_>,
    ) {
        let Attention { queries, cache, .. } = *attention;
        let (dim, kv_heads, tile) = (cache.head_dim, cache.kv_heads, self.tile(Precision::Eight, queries.rows()));
        let chunk_len @ [keys_len, values_len, _] = chunk_len(dim);
        let unit = chunk_len.iter().sum();
        let (known, whole) = (rounded.chunks.min(cache.len / TILE_CHUNK), cache.len / TILE_CHUNK);
        let units = known * kv_heads..cache.len.div_ceil(TILE_CHUNK) * kv_heads;
        let words = rounded.words(units.end * unit);
        let parts = Parts::new(words, unit);
        team.for_each(units.len(), |_, index| {
            let index = units.start + index;
            // SAFETY: every chunk of a head is one unit.
            let (keys, rest) = unsafe { parts.part(index) }.split_at_mut(keys_len);
            let (values, scales) = rest.split_at_mut(values_len);
            let (key_scales, value_scales) = bytemuck::cast_slice_mut(scales).split_at_mut(TILE_CHUNK);
            let mut out = RoundedChunkMut { keys, key_scales, values, value_scales };
            let (kv_head, first) = (index % kv_heads, index / kv_heads * TILE_CHUNK);
            dispatch!(simd self, attention_rounded::round_chunk(&cache, kv_head, first, &mut out));
        });

        let words = &*words;
        // Query heads that share a head of the cache are taken together: where rows are few, tiles are fuller.
        let tiles = (queries.rows() * attention.group()).div_ceil(tile);
        let (integers, floats) = (tile * (key_pairs(dim) + TILE_CHUNK / 2), tile * (dim + TILE_CHUNK));
        let own = (
            Parts::new(take(&mut scratch.integers, team.threads() * integers), integers),
            Parts::new(take(&mut scratch.floats, team.threads() * floats), floats),
        );
        // Later tiles see more positions: begun first, they leave small units for the end.
        team.for_each(kv_heads * tiles, |worker, unit| {
            // SAFETY: a worker has one unit at a time, and nobody else its parts.
            let work = unsafe { (own.1.part(worker), own.0.part(worker)) };
            let (kv_head, first) = (unit % kv_heads, (tiles - 1 - unit / kv_heads) * tile);
            let rounded = RoundedHead { words, kv_heads, kv_head };
            // Every tile is one unit, and has queries of its own.
            dispatch!(simd self, attention_rounded::tile(attention, kv_head, first, &rounded, work, out));
        });
        rounded.chunks = whole;
    }
}
