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
    /// Pairs of positions: \[positions ∕ 2, head_dim\].
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

/// Integers of keys and of values of a chunk, and floats.
fn chunk_len(head_dim: usize) -> ([usize; 2], usize) {
    ([TILE_CHUNK * key_pairs(head_dim), TILE_CHUNK / 2 * head_dim], TILE_CHUNK + head_dim)
}

/// All chunks of a cache head.
pub(crate) struct RoundedHead<'a> {
    integers: &'a [i32],
    floats: &'a [f32],
}

impl RoundedHead<'_> {
    pub fn chunk(&self, index: usize, head_dim: usize) -> RoundedChunk<'_> {
        let ([keys, values], floats) = chunk_len(head_dim);
        let (keys, values) = self.integers[index * (keys + values)..][..keys + values].split_at(keys);
        let (key_scales, value_scales) = self.floats[index * floats..][..floats].split_at(TILE_CHUNK);
        RoundedChunk { keys, key_scales, values, value_scales }
    }
}

impl Kernels {
    /// Keys and values are rounded chunk by chunk; then each unit of work is a tile of the queries of one head of the cache.
    pub(super) fn attend_rounded(
        self,
        team: &Team,
        attention: &Attention<'_>,
        scratch: &mut AttentionScratch,
        out: &RowsMut<'_>,
    ) {
        let Attention { queries, cache, .. } = *attention;
        let (dim, tile) = (cache.head_dim, self.tile(Precision::Eight, queries.rows()));
        // Query heads that share a head of the cache are taken together: where rows are few, tiles are fuller.
        let tiles = (queries.rows() * attention.group()).div_ceil(tile);
        let chunks = cache.len.div_ceil(TILE_CHUNK);
        let ([keys_len, values_len], chunk_floats) = chunk_len(dim);
        let chunk_integers = keys_len + values_len;
        let (work_integers, work_floats) = (tile * (key_pairs(dim) + TILE_CHUNK / 2), tile * (dim + TILE_CHUNK));
        let all = cache.kv_heads * chunks;
        let (integers, own_integers) =
            take(&mut scratch.integers, all * chunk_integers + team.threads() * work_integers)
                .split_at_mut(all * chunk_integers);
        let (floats, own_floats) = take(&mut scratch.floats, all * chunk_floats + team.threads() * work_floats)
            .split_at_mut(all * chunk_floats);

        let parts = (Parts::new(integers, chunk_integers), Parts::new(floats, chunk_floats));
        team.for_each(all, |_, unit| {
            // SAFETY: every chunk of a head is one unit.
            let (integers, floats) = unsafe { (parts.0.part(unit), parts.1.part(unit)) };
            let (keys, values) = integers.split_at_mut(keys_len);
            let (key_scales, value_scales) = floats.split_at_mut(TILE_CHUNK);
            let mut out = RoundedChunkMut { keys, key_scales, values, value_scales };
            let (kv_head, first) = (unit / chunks, unit % chunks * TILE_CHUNK);
            dispatch!(simd self, attention_rounded::round_chunk(&cache, kv_head, first, &mut out));
        });

        let (integers, floats) = (&*integers, &*floats);
        let own = (Parts::new(own_integers, work_integers), Parts::new(own_floats, work_floats));
        // Later tiles see more positions: begun first, they leave small units for the end.
        team.for_each(cache.kv_heads * tiles, |worker, unit| {
            // SAFETY: a worker has one unit at a time, and nobody else its parts.
            let work = unsafe { (own.1.part(worker), own.0.part(worker)) };
            let (kv_head, first) = (unit % cache.kv_heads, (tiles - 1 - unit / cache.kv_heads) * tile);
            let first_chunk = kv_head * chunks;
            let rounded = RoundedHead {
                integers: &integers[first_chunk * chunk_integers..][..chunks * chunk_integers],
                floats: &floats[first_chunk * chunk_floats..][..chunks * chunk_floats],
            };
            // Every tile is one unit, and has queries of its own.
            dispatch!(simd self, attention_rounded::tile(attention, kv_head, first, &rounded, work, out));
        });
    }
}
