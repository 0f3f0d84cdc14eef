//! Attention of many rows in integers of 16 bits or fewer: products of pairs, which are twice as fast as floats where the CPU
//! has an instruction for them.

use std::ops::Range;

use super::{
    attention::{LANES, Softmax, cap_scores, mask_scores, sees},
    math::power_of_weight,
};
use crate::{
    Cache, RowsMut,
    arch::{scalar::rows::inverse_scale, simd::Simd},
    attention::{Attention, RoundedChunk, RoundedChunkMut, RoundedHead, TILE_CHUNK, VALUE_LIMIT, key_limit, key_pairs},
};

/// Largest magnitude of `vectors` vectors.
#[inline(always)]
unsafe fn largest_of<S: Simd>(vectors: usize, vector: impl Fn(usize) -> S::F) -> f32 {
    let mut largest = S::splat(0.0);
    for at in 0..vectors {
        largest = S::max(largest, S::abs(vector(at)));
    }
    S::largest(largest)
}

/// The pairs of 32 integers, or of the last 16 of a row of `dim`: of those from `d` on, 16 of which `vector` gives.
#[inline(always)]
unsafe fn pairs_of<S: Simd>(d: usize, dim: usize, vector: impl Fn(usize) -> S::I) -> S::I {
    let high = if d + LANES < dim { vector(d + LANES) } else { S::splat_int(0) };
    S::pair_up(vector(d), high)
}

/// Positions that make 16 pairs, each with the one 16 after it.
const PAIRED: usize = 2 * LANES;

/// Binary logarithm of the largest weight, [`VALUE_LIMIT`].
const WEIGHT_POWER: f32 = 11.999_648;

/// How many positions ahead of those being rounded keys are asked for: they lie in memory, which answers after the time that
/// some tens of positions take.
const AHEAD: usize = 4 * LANES;

/// Asks for `len` elements.
#[inline(always)]
unsafe fn ask_for<S: Simd>(from: *const half::f16, len: usize) {
    const LINE: usize = 32;
    for at in (0..len).step_by(LINE) {
        S::prefetch(from.wrapping_add(at).cast());
    }
}

/// Rounds the keys and values of the [`TILE_CHUNK`] positions from `first` on; past the end, scales of keys and values are 0.
///
/// # Safety
/// As [`Simd`]; shapes must agree, and the head must be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn round_chunk<S: Simd>(
    cache: &Cache<'_>,
    kv_head: usize,
    first: usize,
    out: &mut RoundedChunkMut<'_>,
) {
    let dim = cache.head_dim;
    let count = TILE_CHUNK.min(cache.len - first);
    let element = |from: &[half::f16], position: usize, d: usize| {
        S::load_f16(from.as_ptr().add(cache.at(kv_head, first + position) + d).cast())
    };
    if count < TILE_CHUNK {
        out.key_scales.fill(0.0);
    }
    let (limit, pairs) = (key_limit(dim), key_pairs(dim));
    for start in (0..count).step_by(LANES) {
        // Past the end keys are copies of the last one, of scale 0.
        let positions: [usize; LANES] = std::array::from_fn(|lane| (start + lane).min(count - 1));
        let mut inverse = [S::splat(0.0); LANES];
        for (lane, &position) in positions.iter().enumerate() {
            // Values come after all of the keys.
            let place = cache.at(kv_head, first + start + lane);
            ask_for::<S>(cache.values.as_ptr().wrapping_add(place), dim);
            ask_for::<S>(cache.keys.as_ptr().wrapping_add(place + AHEAD * cache.position_stride), dim);
            let largest = largest_of::<S>(dim / LANES, |at| element(cache.keys, position, at * LANES));
            inverse[lane] = S::splat(inverse_scale(largest, limit));
            if start + lane < count {
                out.key_scales[position] = largest / limit;
            }
        }
        let block = &mut out.keys[start * pairs..][..LANES * pairs];
        for (d, block) in (0..dim).step_by(2 * LANES).zip(block.chunks_exact_mut(LANES * LANES)) {
            let mut rounded = [S::splat_int(0); LANES];
            for (lane, &position) in positions.iter().enumerate() {
                let integers = |d| S::to_int(S::mul(element(cache.keys, position, d), inverse[lane]));
                rounded[lane] = pairs_of::<S>(d, dim, integers);
            }
            for (to, pairs) in block.chunks_exact_mut(LANES).zip(S::transpose(rounded)) {
                S::store_int(to.as_mut_ptr(), pairs);
            }
        }
    }
    for d in (0..dim).step_by(LANES) {
        let mut largest = S::splat(0.0);
        for position in 0..count {
            largest = S::max(largest, S::abs(element(cache.values, position, d)));
        }
        S::store(out.value_scales.as_mut_ptr().add(d), S::mul(largest, S::splat(1.0 / VALUE_LIMIT)));
        let inverse = S::div(S::splat(VALUE_LIMIT), S::max(largest, S::splat(1e-30)));
        let integers = |position: usize| {
            if position < count {
                S::to_int(S::mul(element(cache.values, position, d), inverse))
            } else {
                S::splat_int(0)
            }
        };
        for pair in 0..TILE_CHUNK / 2 {
            let position = pair / LANES * PAIRED + pair % LANES;
            let both = S::pair_up(integers(position), integers(position + LANES));
            S::store_int(out.values.as_mut_ptr().add(pair * dim + d), both);
        }
    }
}

/// One tile of the queries that read one head of the cache, over all positions: those from query `first` on, counting the
/// query heads of a row, then those of the next. `floats` and `integers` are the worker's own.
///
/// # Safety
/// As [`Simd`]; shapes must agree, the head must be a multiple of 16, and nobody else may use the tile's part of `out`.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd>(
    attention: &Attention<'_>,
    kv_head: usize,
    first: usize,
    cache: &RoundedHead<'_>,
    (floats, integers): (&mut [f32], &mut [i32]),
    out: &RowsMut<'_>,
) {
    if S::TILE > 4 {
        tile_of::<S, 12, 2, 6, 4>(attention, kv_head, first, cache, (floats, integers), out);
    } else {
        tile_of::<S, 4, 1, 4, 1>(attention, kv_head, first, cache, (floats, integers), out);
    }
}

/// Whether each of the rows may look at all of the `count` positions from `first` on, a multiple of [`PAIRED`], and no mask
/// weighs any.
///
/// # Safety
/// As [`Simd`]; the rows must exist.
#[inline(always)]
unsafe fn is_open<S: Simd>(attention: &Attention<'_>, rows: Range<usize>, first: usize, count: usize) -> bool {
    if first + count > attention.cache.len {
        return false;
    }
    let Some(mask) = attention.mask else { return true };
    let mut bits = S::splat_int(0);
    for row in rows {
        let row = mask.data.as_ptr().add(row * mask.stride + first);
        for at in (0..count).step_by(PAIRED) {
            bits = S::or_int(bits, S::load_int(row.add(at).cast()));
        }
    }
    let mut lanes = [0; LANES];
    S::store_int(lanes.as_mut_ptr(), bits);
    lanes == [0; LANES]
}

/// [`tile`] with `T` queries, all of which are multiplied with `B` blocks of 16 keys at a time, and `R` with `V` vectors of
/// values.
#[inline(always)]
unsafe fn tile_of<S: Simd, const T: usize, const B: usize, const R: usize, const V: usize>(
    attention: &Attention<'_>,
    kv_head: usize,
    first: usize,
    cache: &RoundedHead<'_>,
    (floats, integers): (&mut [f32], &mut [i32]),
    out: &RowsMut<'_>,
) {
    let dim = attention.cache.head_dim;
    let pairs = key_pairs(dim);
    let len = attention.cache.len;
    let group = attention.group();
    let count = (attention.queries.rows() * group - first).min(T);
    // Queries that the last tile lacks are computed as copies of its last one.
    let place_of = |m: usize| {
        let query = first + m.min(count - 1);
        (query / group, (kv_head * group + query % group) * dim)
    };
    let mut rows = [0; T];
    let (sums, scores) = floats.split_at_mut(T * dim);
    let (turned, weights) = integers.split_at_mut(T * pairs);
    let (scores, weights) = (scores.as_mut_ptr(), weights.as_mut_ptr());
    let mut scales = [0.0; T];
    let limit = key_limit(dim);
    for m in 0..T {
        let (row, column) = place_of(m);
        rows[m] = row;
        let query = attention.queries.row(row)[column..].as_ptr();
        let largest = largest_of::<S>(dim / LANES, |at| S::load(query.add(at * LANES)));
        let inverse = S::splat(inverse_scale(largest, limit));
        for d in (0..dim).step_by(2 * LANES) {
            let mut pairs = [0; LANES];
            let integers = |d| S::to_int(S::mul(S::load(query.add(d)), inverse));
            S::store_int(pairs.as_mut_ptr(), pairs_of::<S>(d, dim, integers));
            for (pair, both) in pairs.into_iter().enumerate() {
                turned[(d / 2 + pair) * T + m] = both;
            }
        }
        scales[m] = largest / limit * attention.options.scale;
    }
    let seen_rows = rows[0]..rows[T - 1] + 1;
    sums.fill(0.0);
    let mut softmax = Softmax::<S, T>::new();
    for (chunk, start) in (0..len).step_by(TILE_CHUNK).enumerate() {
        let chunk = cache.chunk(chunk, dim);
        let mut seen = 0..0;
        let mut largest = [S::splat(f32::NEG_INFINITY); T];
        let count = TILE_CHUNK.min(len - start).next_multiple_of(PAIRED);
        let all_open = is_open::<S>(attention, seen_rows.clone(), start, TILE_CHUNK);
        for first in (0..count).step_by(B * LANES) {
            let open = all_open || is_open::<S>(attention, seen_rows.clone(), start + first - first % PAIRED, PAIRED);
            let mut visible = [open; B];
            for b in 0..B {
                let at = first + b * LANES;
                visible[b] = open || start + at < len && sees::<S>(attention, seen_rows.clone(), start + at);
                if visible[b] {
                    let both = at - at % PAIRED;
                    seen = if seen.is_empty() { both } else { seen.start }..both + PAIRED;
                }
            }
            let mut dots = [[S::splat_int(0); B]; T];
            let mut key_scales = [S::splat(0.0); B];
            if visible.contains(&true) {
                let keys = chunk.keys[first * pairs..][..B * LANES * pairs].as_ptr();
                // The keys of the blocks after these, and behind the last ones the values.
                let next = keys.wrapping_add(B * LANES * pairs);
                for pair in 0..pairs {
                    let mut key = [S::splat_int(0); B];
                    for b in 0..B {
                        key[b] = S::load_int(keys.add((b * pairs + pair) * LANES));
                        S::prefetch_near(next.wrapping_add((b * pairs + pair) * LANES).cast());
                    }
                    for m in 0..T {
                        let query = S::splat_int(*turned.as_ptr().add(pair * T + m));
                        for b in 0..B {
                            dots[m][b] = S::dot_pairs(dots[m][b], key[b], query);
                        }
                    }
                }
                for b in 0..B {
                    key_scales[b] = S::load(chunk.key_scales[first + b * LANES..].as_ptr());
                }
            }
            let scores = scores.add(first);
            if open && attention.options.soft_cap.is_none() {
                keep_scores::<S, T, B>(&dots, &key_scales, &scales, |score, _, _| score, scores, &mut largest);
            } else {
                let finish = |score, m: usize, b: usize| {
                    if visible[b] {
                        let capped = cap_scores::<S>(attention, score);
                        mask_scores::<S>(attention, capped, rows[m], start + first + b * LANES)
                    } else {
                        S::splat(f32::NEG_INFINITY)
                    }
                };
                keep_scores::<S, T, B>(&dots, &key_scales, &scales, finish, scores, &mut largest);
            }
        }
        if seen.is_empty() {
            continue;
        }
        let (shifts, kept) = softmax.rise(&largest);
        for m in 0..T {
            let shift = S::splat(shifts[m]);
            let mut total = softmax.totals[m];
            for at in seen.clone().step_by(PAIRED) {
                let at = m * TILE_CHUNK + at;
                let low = weight::<S>(S::sub(S::load(scores.add(at)), shift));
                let high = weight::<S>(S::sub(S::load(scores.add(at + LANES)), shift));
                total = S::add(total, S::add(low, high));
                let both = S::pair_up(S::to_int(low), S::to_int(high));
                S::store_int(weights.add(at / 2), both);
            }
            softmax.totals[m] = total;
        }
        for row in (0..T).step_by(R) {
            let weights = weights.add(row * TILE_CHUNK / 2).cast_const();
            let sums = sums.as_mut_ptr().add(row * dim);
            let kept = &kept[row..row + R];
            let mut d = 0;
            while d + V * LANES <= dim {
                weigh::<S, R, V>(weights, seen.start / 2..seen.end / 2, &chunk, d, kept, sums);
                d += V * LANES;
            }
            while d < dim {
                weigh::<S, R, 1>(weights, seen.start / 2..seen.end / 2, &chunk, d, kept, sums);
                d += LANES;
            }
        }
    }
    for m in 0..count {
        let (row, column) = place_of(m);
        let mut out = out.share(row..row + 1, column..column + dim);
        softmax.finish_row(m, sums, out.row(0));
    }
}

/// Weights of scores that are so much below the largest: [`VALUE_LIMIT`] · eˣ.
#[inline(always)]
unsafe fn weight<S: Simd>(x: S::F) -> S::F {
    power_of_weight::<S>(S::fma(x, S::splat(std::f32::consts::LOG2_E), S::splat(WEIGHT_POWER)))
}

/// Scales sums of products of `T` queries and `B` blocks of keys to scores, which `finish` gets with the number of the query
/// and of the block; keeps them and the largest of each query, by lane.
#[inline(always)]
unsafe fn keep_scores<S: Simd, const T: usize, const B: usize>(
    dots: &[[S::I; B]; T],
    key_scales: &[S::F; B],
    scales: &[f32; T],
    finish: impl Fn(S::F, usize, usize) -> S::F,
    scores: *mut f32,
    largest: &mut [S::F; T],
) {
    for m in 0..T {
        for b in 0..B {
            let score = S::mul(S::to_float(dots[m][b]), S::mul(key_scales[b], S::splat(scales[m])));
            let score = finish(score, m, b);
            largest[m] = S::max(largest[m], score);
            S::store(scores.add(m * TILE_CHUNK + b * LANES), score);
        }
    }
}

/// Adds the values of some pairs of positions to the sums of `R` rows, from column `d` on, weighted for each row; of the sums
/// themselves the rows keep `kept`.
#[inline(always)]
unsafe fn weigh<S: Simd, const R: usize, const V: usize>(
    weights: *const i32,
    pairs: Range<usize>,
    chunk: &RoundedChunk<'_>,
    d: usize,
    kept: &[f32],
    sums: *mut f32,
) {
    let dim = chunk.value_scales.len();
    let mut products = [[S::splat_int(0); V]; R];
    for pair in pairs {
        let from = chunk.values.as_ptr().add(pair * dim + d);
        let mut values = [S::splat_int(0); V];
        for v in 0..V {
            values[v] = S::load_int(from.add(v * LANES));
            S::prefetch_near(from.wrapping_add(LANES * dim + v * LANES).cast());
        }
        for m in 0..R {
            let weight = S::splat_int(*weights.add(m * TILE_CHUNK / 2 + pair));
            for v in 0..V {
                products[m][v] = S::dot_pairs(products[m][v], values[v], weight);
            }
        }
    }
    for v in 0..V {
        let scale = S::load(chunk.value_scales.as_ptr().add(d + v * LANES));
        for m in 0..R {
            let to = sums.add(m * dim + d + v * LANES);
            let sum = S::mul(S::load(to), S::splat(kept[m]));
            S::store(to, S::fma(S::to_float(products[m][v]), scale, sum));
        }
    }
}
