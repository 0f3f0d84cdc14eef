use std::ops::Range;

use half::f16;

use super::{
    math::{exp, tanh},
    rows::load_some,
};
use crate::{
    Cache, RowsMut,
    arch::simd::Simd,
    attention::{Attention, CHUNK, TILE_CHUNK, partial_len},
};

pub(super) const LANES: usize = 16;

/// Positions whose keys are multiplied side by side.
const QUAD: usize = 4;

impl Cache<'_> {
    /// Offset of a position of a cache head.
    #[inline(always)]
    pub(super) fn at(&self, kv_head: usize, position: usize) -> usize {
        kv_head * self.head_stride + position * self.position_stride
    }
}

/// Scaled scores of 16 positions from `first` on as the softmax takes them: capped, masked, −∞ past the end.
///
/// # Safety
/// As [`Simd`]; the row and position must exist.
#[inline(always)]
unsafe fn finish_scores<S: Simd>(attention: &Attention<'_>, scores: S::F, row: usize, first: usize) -> S::F {
    mask_scores::<S>(attention, cap_scores::<S>(attention, scores), row, first)
}

/// The first half of [`finish_scores`]: the cap.
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn cap_scores<S: Simd>(attention: &Attention<'_>, scores: S::F) -> S::F {
    match attention.options.soft_cap {
        Some(cap) => S::mul(S::splat(cap), tanh::<S>(S::mul(scores, S::splat(1.0 / cap)))),
        None => scores,
    }
}

/// The second half of [`finish_scores`]: the mask and the end.
///
/// # Safety
/// As [`Simd`]; the row and position must exist.
#[inline(always)]
pub(super) unsafe fn mask_scores<S: Simd>(
    attention: &Attention<'_>,
    mut scores: S::F,
    row: usize,
    first: usize,
) -> S::F {
    let Attention { cache, mask, .. } = attention;
    let left = cache.len - first;
    if let Some(mask) = mask {
        scores = S::add(scores, load_mask::<S>(mask.data.as_ptr().add(row * mask.stride + first), left));
    } else if left < LANES {
        // What lies past the end was never computed.
        let missing = [0.0; LANES];
        scores = S::add(scores, load_some::<S>(missing.as_ptr(), left, f32::NEG_INFINITY));
    }
    scores
}

/// 16 elements of a mask, −∞ for those that are missing.
#[inline(always)]
unsafe fn load_mask<S: Simd>(from: *const f16, left: usize) -> S::F {
    if left >= LANES {
        return S::load_f16(from.cast());
    }
    let mut lanes = [f16::NEG_INFINITY; LANES];
    std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), left);
    S::load_f16(lanes.as_ptr().cast())
}

/// Whether any of the rows may look at any of the 16 positions from `first` on.
///
/// # Safety
/// As [`Simd`]; the rows and the position must exist.
#[inline(always)]
pub(super) unsafe fn sees<S: Simd>(attention: &Attention<'_>, rows: Range<usize>, first: usize) -> bool {
    let Some(mask) = attention.mask else { return true };
    let mut any = S::splat(f32::NEG_INFINITY);
    for row in rows {
        let row = mask.data.as_ptr().add(row * mask.stride + first);
        any = S::max(any, load_mask::<S>(row, attention.cache.len - first));
    }
    S::largest(any) != f32::NEG_INFINITY
}

/// Partial results of one cache head for the [`CHUNK`] positions from `first` on, for all rows and the query heads that
/// read this cache head.
///
/// # Safety
/// As [`Simd`]; shapes must agree, and the head must be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn few<S: Simd>(attention: &Attention<'_>, kv_head: usize, first: usize, partials: &mut [f32]) {
    let group = attention.heads() / attention.cache.kv_heads;
    let count = attention.queries.rows() * group;
    let len = CHUNK.min(attention.cache.len - first);
    let visible = (0..len).step_by(LANES).any(|at| sees::<S>(attention, 0..attention.queries.rows(), first + at));
    if !visible {
        let partial = partial_len(attention.cache.head_dim);
        for partial in partials[..count * partial].chunks_exact_mut(partial) {
            partial.fill(0.0);
            partial[partial.len() - 2] = f32::NEG_INFINITY;
        }
        return;
    }
    let mut query = 0;
    macro_rules! queries {
        ($m:literal) => {
            while query + $m <= count {
                few_queries::<S, $m>(attention, kv_head, first, group, query, partials);
                query += $m;
            }
        };
    }
    queries!(4);
    queries!(3);
    queries!(2);
    queries!(1);
}

/// `M` of the queries of [`few`], each on its own but for the reading of keys and values.
#[inline(always)]
unsafe fn few_queries<S: Simd, const M: usize>(
    attention: &Attention<'_>,
    kv_head: usize,
    first: usize,
    group: usize,
    query: usize,
    partials: &mut [f32],
) {
    let Attention { queries, cache, .. } = attention;
    let dim = cache.head_dim;
    let end = (first + CHUNK).min(cache.len);
    let mut from = [queries.row(0).as_ptr(); M];
    for m in 0..M {
        let head = kv_head * group + (query + m) % group;
        from[m] = queries.row((query + m) / group)[head * dim..].as_ptr();
    }
    let mut weights = [[f32::NEG_INFINITY; CHUNK]; M];
    let mut largest = [S::splat(f32::NEG_INFINITY); M];
    for start in (first..end).step_by(LANES) {
        let mut quads = [[S::splat(0.0); LANES / QUAD]; M];
        for quad in 0..LANES / QUAD {
            // Positions past the end are computed as copies of the last one.
            let mut keys = [cache.keys.as_ptr().cast::<u16>(); QUAD];
            for position in 0..QUAD {
                let position_in_cache = (start + quad * QUAD + position).min(end - 1);
                keys[position] = keys[position].add(cache.at(kv_head, position_in_cache));
            }
            let mut sums = [[S::splat(0.0); QUAD]; M];
            for d in (0..dim).step_by(LANES) {
                let mut query = [S::splat(0.0); M];
                for m in 0..M {
                    query[m] = S::load(from[m].add(d));
                }
                for position in 0..QUAD {
                    let key = S::load_f16(keys[position].add(d));
                    for m in 0..M {
                        sums[m][position] = S::fma(query[m], key, sums[m][position]);
                    }
                }
            }
            for m in 0..M {
                quads[m][quad] = S::sum_quad(sums[m]);
            }
        }
        for m in 0..M {
            let dots = S::join_quads(quads[m]);
            let scaled = S::mul(dots, S::splat(attention.options.scale));
            let scores = finish_scores::<S>(attention, scaled, (query + m) / group, start);
            largest[m] = S::max(largest[m], scores);
            S::store(weights[m].as_mut_ptr().add(start - first), scores);
        }
    }
    let partial = partial_len(dim);
    for m in 0..M {
        let largest = S::largest(largest[m]);
        let mut sum = S::splat(0.0);
        for at in (0..CHUNK).step_by(LANES) {
            let at = weights[m].as_mut_ptr().add(at);
            // Where all is masked out the difference would be NaN.
            let shift = if largest == f32::NEG_INFINITY { 0.0 } else { largest };
            let weight = exp::<S>(S::sub(S::load(at), S::splat(shift)));
            sum = S::add(sum, weight);
            S::store(at, weight);
        }
        let out = &mut partials[(query + m) * partial..][..partial];
        (out[dim], out[dim + 1]) = (largest, S::sum(sum));
    }
    let values = cache.values.as_ptr().add(cache.at(kv_head, first)).cast::<u16>();
    let out = partials.as_mut_ptr().add(query * partial);
    let mut d = 0;
    macro_rules! slice {
        ($vectors:literal) => {
            while d + $vectors * LANES <= dim {
                let mut sums = [[S::splat(0.0); $vectors]; M];
                let (values, weights) = (values.add(d), weights.as_ptr().cast::<f32>());
                weigh::<S, M, $vectors>(&mut sums, values, cache.position_stride, weights, CHUNK, end - first);
                for m in 0..M {
                    for v in 0..$vectors {
                        S::store(out.add(m * partial + d + v * LANES), sums[m][v]);
                    }
                }
                d += $vectors * LANES;
            }
        };
    }
    if S::TILE > 4 {
        slice!(4);
    }
    slice!(1);
}

/// Adds `count` values, `stride` elements apart, to `sums`, weighted for each of `M` rows (whose weights lie `row` apart).
#[inline(always)]
unsafe fn weigh<S: Simd, const M: usize, const V: usize>(
    sums: &mut [[S::F; V]; M],
    values: *const u16,
    stride: usize,
    weights: *const f32,
    row: usize,
    count: usize,
) {
    for position in 0..count {
        let mut value = [S::splat(0.0); V];
        for v in 0..V {
            value[v] = S::load_f16(values.add(position * stride + v * LANES));
        }
        for m in 0..M {
            let weight = S::splat(*weights.add(m * row + position));
            for v in 0..V {
                sums[m][v] = S::fma(weight, value[v], sums[m][v]);
            }
        }
    }
}

/// Joins partial results of one row and head, `count` of them, `step` elements apart: each is a weighted sum of values, its
/// largest score and its sum of weights.
///
/// # Safety
/// As [`Simd`]; the partial results must exist, and `out` be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn join<S: Simd>(partials: &[f32], step: usize, count: usize, out: &mut [f32]) {
    let dim = out.len();
    let largest = (0..count).fold(f32::NEG_INFINITY, |max, at| max.max(partials[at * step + dim]));
    out.fill(0.0);
    let mut total = 0.0;
    for at in 0..count {
        let partial = &partials[at * step..][..partial_len(dim)];
        // A chunk that is masked out has weight 0, whatever else is.
        let weight = if partial[dim] == f32::NEG_INFINITY { 0.0 } else { (partial[dim] - largest).exp() };
        total += weight * partial[dim + 1];
        for d in (0..dim).step_by(LANES) {
            let to = out.as_mut_ptr().add(d);
            S::store(to, S::fma(S::splat(weight), S::load(partial.as_ptr().add(d)), S::load(to)));
        }
    }
    super::rows::scale::<S>(out, 1.0 / total);
}

/// Keys of the 16 positions from `first` on as \[head_dim, 16\], 0 past the end.
///
/// # Safety
/// As [`Simd`]; shapes must agree, and the head must be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn turn_keys<S: Simd>(cache: &Cache<'_>, kv_head: usize, first: usize, out: &mut [f32]) {
    out.fill(0.0);
    let mut key = [0.0; LANES];
    for position in first..(first + LANES).min(cache.len) {
        for d in (0..cache.head_dim).step_by(LANES) {
            S::store(key.as_mut_ptr(), S::load_f16(cache.keys.as_ptr().add(cache.at(kv_head, position) + d).cast()));
            for (lane, &key) in key.iter().enumerate() {
                out[(d + lane) * LANES + position - first] = key;
            }
        }
    }
}

/// A softmax over chunks of positions for the `T` rows of a tile: what came before is scaled down when a larger score comes.
pub(super) struct Softmax<S: Simd, const T: usize> {
    largest: [f32; T],
    /// Sums of weights, lane by lane.
    pub totals: [S::F; T],
}

impl<S: Simd, const T: usize> Softmax<S, T> {
    /// # Safety
    /// As [`Simd`].
    #[inline(always)]
    pub unsafe fn new() -> Self {
        Self { largest: [f32::NEG_INFINITY; T], totals: [S::splat(0.0); T] }
    }

    /// Goes on to a chunk whose largest scores are `chunk_largest`, by lane. Gives for each row what is to be subtracted from its
    /// scores, and by what the sums of its weighted values so far are to be multiplied, as the totals are here.
    ///
    /// # Safety
    /// As [`Simd`].
    #[inline(always)]
    pub unsafe fn rise(&mut self, chunk_largest: &[S::F; T]) -> ([f32; T], [f32; LANES]) {
        let (mut shifts, mut kept) = ([0.0; T], [0.0; LANES]);
        for m in 0..T {
            let new = self.largest[m].max(S::largest(chunk_largest[m]));
            // A row that has seen nothing yet keeps weights of 0; the difference would be NaN.
            shifts[m] = if new == f32::NEG_INFINITY { 0.0 } else { new };
            kept[m] = self.largest[m] - shifts[m];
            self.largest[m] = new;
        }
        S::store(kept.as_mut_ptr(), exp::<S>(S::load(kept.as_ptr())));
        for m in 0..T {
            self.totals[m] = S::mul(self.totals[m], S::splat(kept[m]));
        }
        (shifts, kept)
    }

    /// Writes the mean of the values for row `row` of the tile.
    ///
    /// # Safety
    /// As [`Simd`].
    #[inline(always)]
    pub unsafe fn finish_row(&self, row: usize, sums: &[f32], out: &mut [f32]) {
        let (scale, dim) = (1.0 / S::sum(self.totals[row]), out.len());
        out.iter_mut().zip(&sums[row * dim..]).for_each(|(out, sum)| *out = sum * scale);
    }
}

/// One tile of rows of one head, from row `first` on, over all positions. `keys` are turned, `work` is the worker's own.
///
/// # Safety
/// As [`Simd`]; shapes must agree, and the head must be a multiple of 16.
#[inline(always)]
pub(crate) unsafe fn tile<S: Simd>(
    attention: &Attention<'_>,
    head: usize,
    first: usize,
    keys: &[f32],
    work: &mut [f32],
    out: &mut RowsMut<'_>,
) {
    if S::TILE > 4 {
        tile_of::<S, 12, 6>(attention, head, first, keys, work, out);
    } else {
        tile_of::<S, 4, 4>(attention, head, first, keys, work, out);
    }
}

/// [`tile`] with `T` rows, of which `R` at a time are multiplied with values.
#[inline(always)]
unsafe fn tile_of<S: Simd, const T: usize, const R: usize>(
    attention: &Attention<'_>,
    head: usize,
    first: usize,
    keys: &[f32],
    work: &mut [f32],
    out: &mut RowsMut<'_>,
) {
    let Attention { queries, cache, .. } = attention;
    let dim = cache.head_dim;
    let kv_head = head * cache.kv_heads / attention.heads();
    // Rows that the last tile lacks are computed as copies of the last row.
    let row_of = |m: usize| (first + m).min(queries.rows() - 1);
    let (turned, work) = work.split_at_mut(T * dim);
    let (sums, weights) = work.split_at_mut(T * dim);
    for m in 0..T {
        for (d, &query) in queries.row(row_of(m))[head * dim..][..dim].iter().enumerate() {
            turned[d * T + m] = query;
        }
    }
    sums.fill(0.0);
    let mut softmax = Softmax::<S, T>::new();
    for start in (0..cache.len).step_by(TILE_CHUNK) {
        let end = (start + TILE_CHUNK).min(cache.len);
        let mut seen = 0..0;
        let mut chunk_largest = [S::splat(f32::NEG_INFINITY); T];
        for position in (start..end).step_by(LANES) {
            let at = position - start;
            let visible = sees::<S>(attention, first..row_of(T - 1) + 1, position);
            if !visible {
                for m in 0..T {
                    S::store(weights.as_mut_ptr().add(m * TILE_CHUNK + at), S::splat(f32::NEG_INFINITY));
                }
                continue;
            }
            if seen.is_empty() {
                seen.start = at;
            }
            seen.end = (at + LANES).min(end - start);
            let keys = keys[position * dim..].as_ptr();
            let mut dots = [S::splat(0.0); T];
            for d in 0..dim {
                let key = S::load(keys.add(d * LANES));
                for m in 0..T {
                    dots[m] = S::fma(S::splat(*turned.as_ptr().add(d * T + m)), key, dots[m]);
                }
            }
            for m in 0..T {
                let scaled = S::mul(dots[m], S::splat(attention.options.scale));
                let scores = finish_scores::<S>(attention, scaled, row_of(m), position);
                chunk_largest[m] = S::max(chunk_largest[m], scores);
                S::store(weights.as_mut_ptr().add(m * TILE_CHUNK + at), scores);
            }
        }
        if seen.is_empty() {
            continue;
        }
        let (shifts, kept) = softmax.rise(&chunk_largest);
        for m in 0..T {
            super::rows::scale::<S>(&mut sums[m * dim..][..dim], kept[m]);
            for at in seen.clone().step_by(LANES) {
                let place = weights.as_mut_ptr().add(m * TILE_CHUNK + at);
                let weight = exp::<S>(S::sub(S::load(place), S::splat(shifts[m])));
                softmax.totals[m] = S::add(softmax.totals[m], weight);
                S::store(place, weight);
            }
        }
        let values = cache.values.as_ptr().add(cache.at(kv_head, start + seen.start)).cast::<u16>();
        for row in (0..T).step_by(R) {
            let weights = weights.as_ptr().add(row * TILE_CHUNK + seen.start);
            let sums = sums.as_mut_ptr().add(row * dim);
            let mut d = 0;
            macro_rules! slice {
                ($vectors:literal) => {
                    while d + $vectors * LANES <= dim {
                        let mut slice = [[S::splat(0.0); $vectors]; R];
                        for m in 0..R {
                            for v in 0..$vectors {
                                slice[m][v] = S::load(sums.add(m * dim + d + v * LANES));
                            }
                        }
                        let values = values.add(d);
                        weigh::<S, R, $vectors>(
                            &mut slice,
                            values,
                            cache.position_stride,
                            weights,
                            TILE_CHUNK,
                            seen.len(),
                        );
                        for m in 0..R {
                            for v in 0..$vectors {
                                S::store(sums.add(m * dim + d + v * LANES), slice[m][v]);
                            }
                        }
                        d += $vectors * LANES;
                    }
                };
            }
            if S::TILE > 4 {
                slice!(4);
            }
            slice!(1);
        }
    }
    for row in 0..out.rows() {
        softmax.finish_row(row, sums, out.row(row));
    }
}
