//! Attention of many rows in integers of 16 bits or fewer: products of pairs, which are twice as fast as floats where the CPU
//! has an instruction for them.

use super::attention::{LANES, Softmax, finish_scores, sees};
use crate::{
    Cache, RowsMut,
    arch::{scalar::rows::inverse_scale, simd::Simd},
    attention::{Attention, RoundedChunk, RoundedChunkMut, RoundedHead, TILE_CHUNK, VALUE_LIMIT, key_limit},
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

/// Rounds a row of `dim` elements, 16 of which `vector` gives, and calls `pair` with each pair's number and both integers in
/// one; gives the scale.
#[inline(always)]
unsafe fn round_pairs<S: Simd>(dim: usize, vector: impl Fn(usize) -> S::F, mut pair: impl FnMut(usize, i32)) -> f32 {
    let limit = key_limit(dim);
    let largest = largest_of::<S>(dim / LANES, &vector);
    let inverse = S::splat(inverse_scale(largest, limit));
    let mut integers = [0i16; LANES];
    for at in 0..dim / LANES {
        S::store_halves(integers.as_mut_ptr(), S::to_int(S::mul(vector(at), inverse)));
        for half in 0..LANES / 2 {
            let both = integers.as_ptr().add(2 * half).cast::<i32>().read_unaligned();
            pair(at * LANES / 2 + half, both);
        }
    }
    largest / limit
}

/// Rounds the keys and values of the [`TILE_CHUNK`] positions from `first` on; those past the end become 0.
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
        out.keys.fill(0);
        out.key_scales.fill(0.0);
    }
    for position in 0..count {
        let block = &mut out.keys[position / LANES * LANES * dim / 2..];
        let lane = position % LANES;
        let key = |at: usize| element(cache.keys, position, at * LANES);
        out.key_scales[position] = round_pairs::<S>(dim, key, |pair, both| block[pair * LANES + lane] = both);
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
            let both = S::pair_up(integers(2 * pair), integers(2 * pair + 1));
            S::store_int(out.values.as_mut_ptr().add(pair * dim + d), both);
        }
    }
}

/// One tile of rows of one head, from row `first` on, over all positions. `floats` and `integers` are the worker's own.
///
/// # Safety
/// As [`Simd`]; shapes must agree, and the head must be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd>(
    attention: &Attention<'_>,
    head: usize,
    first: usize,
    cache: &RoundedHead<'_>,
    (floats, integers): (&mut [f32], &mut [i32]),
    out: &mut RowsMut<'_>,
) {
    if S::TILE > 4 {
        tile_of::<S, 12, 6, 4>(attention, head, first, cache, (floats, integers), out);
    } else {
        tile_of::<S, 4, 4, 1>(attention, head, first, cache, (floats, integers), out);
    }
}

/// [`tile`] with `T` rows, of which `R` at a time are multiplied with `V` vectors of values.
#[inline(always)]
unsafe fn tile_of<S: Simd, const T: usize, const R: usize, const V: usize>(
    attention: &Attention<'_>,
    head: usize,
    first: usize,
    cache: &RoundedHead<'_>,
    (floats, integers): (&mut [f32], &mut [i32]),
    out: &mut RowsMut<'_>,
) {
    let dim = attention.cache.head_dim;
    let len = attention.cache.len;
    // Rows that the last tile lacks are computed as copies of the last row.
    let row_of = |m: usize| (first + m).min(attention.queries.rows() - 1);
    let (sums, scores) = floats.split_at_mut(T * dim);
    let (turned, weights) = integers.split_at_mut(T * dim / 2);
    let mut scales = [0.0; T];
    for m in 0..T {
        let query = attention.queries.row(row_of(m))[head * dim..].as_ptr();
        let rounded = round_pairs::<S>(
            dim,
            |at| S::load(query.add(at * LANES)),
            |pair, both| {
                turned[pair * T + m] = both;
            },
        );
        scales[m] = rounded * attention.options.scale;
    }
    sums.fill(0.0);
    let mut softmax = Softmax::<T>::new();
    for (chunk, start) in (0..len).step_by(TILE_CHUNK).enumerate() {
        let chunk = cache.chunk(chunk, dim);
        let mut seen = 0..0;
        let mut largest = [S::splat(f32::NEG_INFINITY); T];
        for at in (0..TILE_CHUNK.min(len - start)).step_by(LANES) {
            if !sees::<S>(attention, first..row_of(T - 1) + 1, start + at) {
                for m in 0..T {
                    S::store(scores.as_mut_ptr().add(m * TILE_CHUNK + at), S::splat(f32::NEG_INFINITY));
                }
                continue;
            }
            if seen.is_empty() {
                seen.start = at;
            }
            seen.end = at + LANES;
            let keys = chunk.keys[at * dim / 2..].as_ptr();
            let mut dots = [S::splat_int(0); T];
            for pair in 0..dim / 2 {
                let key = S::load_int(keys.add(pair * LANES));
                for m in 0..T {
                    dots[m] = S::dot_pairs(dots[m], key, S::splat_int(*turned.as_ptr().add(pair * T + m)));
                }
            }
            let key_scales = S::load(chunk.key_scales[at..].as_ptr());
            for m in 0..T {
                let scaled = S::mul(S::to_float(dots[m]), S::mul(key_scales, S::splat(scales[m])));
                let scored = finish_scores::<S>(attention, scaled, row_of(m), start + at);
                largest[m] = S::max(largest[m], scored);
                S::store(scores.as_mut_ptr().add(m * TILE_CHUNK + at), scored);
            }
        }
        if seen.is_empty() {
            continue;
        }
        softmax.update::<S>(scores, seen.clone(), &largest, sums);
        for m in 0..T {
            for at in seen.clone().step_by(LANES) {
                let weight = S::load(scores.as_ptr().add(m * TILE_CHUNK + at));
                let to = weights.as_mut_ptr().cast::<i16>().add(m * TILE_CHUNK + at);
                S::store_halves(to, S::to_int(S::mul(weight, S::splat(VALUE_LIMIT))));
            }
        }
        for row in (0..T).step_by(R) {
            let weights = weights.as_ptr().add(row * TILE_CHUNK / 2);
            let sums = sums.as_mut_ptr().add(row * dim);
            let mut d = 0;
            while d + V * LANES <= dim {
                weigh::<S, R, V>(weights, seen.start / 2..seen.end / 2, &chunk, d, sums);
                d += V * LANES;
            }
            while d < dim {
                weigh::<S, R, 1>(weights, seen.start / 2..seen.end / 2, &chunk, d, sums);
                d += LANES;
            }
        }
    }
    softmax.finish::<S>(sums, out);
}

/// Adds the values of some pairs of positions to the sums of `R` rows, from column `d` on, weighted for each row.
#[inline(always)]
unsafe fn weigh<S: Simd, const R: usize, const V: usize>(
    weights: *const i32,
    pairs: std::ops::Range<usize>,
    chunk: &RoundedChunk<'_>,
    d: usize,
    sums: *mut f32,
) {
    let dim = chunk.value_scales.len();
    let mut products = [[S::splat_int(0); V]; R];
    for pair in pairs {
        let from = chunk.values.as_ptr().add(pair * dim + d);
        let mut values = [S::splat_int(0); V];
        for v in 0..V {
            values[v] = S::load_int(from.add(v * LANES));
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
        let scale = S::mul(scale, S::splat(1.0 / VALUE_LIMIT));
        for m in 0..R {
            let to = sums.add(m * dim + d + v * LANES);
            S::store(to, S::fma(S::to_float(products[m][v]), scale, S::load(to)));
        }
    }
}
