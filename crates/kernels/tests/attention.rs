//! Attention: every level against sums in f64.

mod common;

use common::{Seeded, levels};
use half::f16;
use sottovoce_kernels::{
    Attention, AttentionOptions, AttentionScratch, Cache, Compute, FEW_ROWS, Isa, Kernels, Mask, RoundedCache, Rows,
    RowsMut, Team,
};

/// One attention with its numbers.
#[derive(Clone)]
struct Case {
    rows: usize,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    past: usize,
    soft_cap: Option<f32>,
    window: Option<usize>,
    masked: bool,
    exact: bool,
    queries: Vec<f32>,
    keys: Vec<f16>,
    values: Vec<f16>,
    mask: Vec<f16>,
}

/// More than the positions in use, as a cache has.
const SPARE: usize = 3;

impl Case {
    fn new(rows: usize, heads: usize, kv_heads: usize, head_dim: usize, past: usize) -> Self {
        let mut seeded = Seeded::new((rows + 10 * heads + 100 * past + head_dim) as u64);
        let positions = past + rows + SPARE;
        let mut case = Self {
            rows,
            heads,
            kv_heads,
            head_dim,
            past,
            soft_cap: None,
            window: None,
            masked: true,
            exact: true,
            queries: seeded.many(rows * heads * head_dim, |s| s.activation() * 2.0),
            keys: seeded.many(kv_heads * positions * head_dim, |s| f16::from_f32(s.unit() * 2.0)),
            values: seeded.many(kv_heads * positions * head_dim, |s| f16::from_f32(s.unit() * 2.0)),
            mask: Vec::new(),
        };
        case.make_mask();
        case
    }

    fn make_mask(&mut self) {
        let len = self.past + self.rows;
        let seen = |row: usize, position: usize| {
            let now = self.past + row;
            position <= now && self.window.is_none_or(|window| position + window > now)
        };
        let element = |at: usize| if seen(at / len, at % len) { f16::ZERO } else { f16::NEG_INFINITY };
        self.mask = (0..self.rows * len).map(element).collect();
        // Masks may also weigh positions, as ALiBi does.
        self.mask.iter_mut().step_by(5).for_each(|m| *m = f16::from_f32(m.to_f32() - 0.25));
    }

    fn options(&self) -> AttentionOptions {
        AttentionOptions { scale: 1.0 / (self.head_dim as f32).sqrt(), soft_cap: self.soft_cap, exact: self.exact }
    }

    /// Rows `first..first + count`, seeing the cache as a call with these rows alone would.
    fn run(&self, kernels: Kernels, team: &Team, first: usize, count: usize) -> Vec<f32> {
        self.run_with(kernels, team, first, count, &mut RoundedCache::default())
    }

    /// The same with what earlier calls rounded.
    fn run_with(
        &self,
        kernels: Kernels,
        team: &Team,
        first: usize,
        count: usize,
        rounded: &mut RoundedCache,
    ) -> Vec<f32> {
        let (len, width) = (self.past + first + count, self.heads * self.head_dim);
        let mut out = vec![f32::NAN; count * width];
        let cache = Cache {
            keys: &self.keys,
            values: &self.values,
            kv_heads: self.kv_heads,
            head_dim: self.head_dim,
            len,
            head_stride: (self.past + self.rows + SPARE) * self.head_dim,
            position_stride: self.head_dim,
        };
        let stride = self.past + self.rows;
        let mask = self.masked.then_some(Mask { data: &self.mask[first * stride..], stride });
        let queries = Rows::dense(&self.queries[first * width..(first + count) * width], width);
        let view = RowsMut::dense(&mut out, width);
        let mut scratch = AttentionScratch::default();
        kernels.attention(
            team,
            Attention { queries, cache, mask, options: self.options() },
            &mut scratch,
            rounded,
            view,
        );
        out
    }

    fn reference(&self) -> Vec<f64> {
        let (len, dim) = (self.past + self.rows, self.head_dim);
        let mut out = Vec::new();
        for (row, head) in (0..self.rows).flat_map(|row| (0..self.heads).map(move |head| (row, head))) {
            let at = |p: usize| (head * self.kv_heads / self.heads * (len + SPARE) + p) * dim;
            let query = &self.queries[(row * self.heads + head) * dim..][..dim];
            let score = |p: usize| {
                let key = &self.keys[at(p)..][..dim];
                let dot: f64 = query.iter().zip(key).map(|(q, k)| f64::from(*q) * k.to_f64()).sum();
                let scaled = dot / (dim as f64).sqrt();
                let capped = self.soft_cap.map_or(scaled, |cap| f64::from(cap) * (scaled / f64::from(cap)).tanh());
                capped + if self.masked { self.mask[row * len + p].to_f64() } else { 0.0 }
            };
            let scores: Vec<_> = (0..len).map(score).collect();
            let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<_> = scores.iter().map(|s| (s - largest).exp()).collect();
            let total: f64 = weights.iter().sum();
            let value = |d: usize| (0..len).map(|p| weights[p] * self.values[at(p) + d].to_f64()).sum::<f64>() / total;
            out.extend((0..dim).map(value));
        }
        out
    }
}

fn table() -> Vec<Case> {
    let mut table = Vec::new();
    for rows in [1, 2, 3, 8, 9, 12, 13, 17, 64] {
        for past in [0, 1, 15, 63, 64, 130, 300] {
            table.push(Case::new(rows, 9, 3, 64, past));
        }
        table.push(Case::new(rows, 4, 4, 16, 20));
        table.push(Case::new(rows, 8, 1, 256, 20));
        table.push(Case::new(rows, 2, 1, 36, 20));
        table.push(Case { soft_cap: Some(5.0), ..Case::new(rows, 4, 2, 32, 77) });
        table.push(Case { masked: false, ..Case::new(rows, 4, 2, 96, 77) });
        let mut windowed = Case { window: Some(20), ..Case::new(rows, 4, 2, 80, 200) };
        windowed.make_mask();
        table.push(windowed);
    }
    table
}

/// A score sums up to 256 products whose magnitudes add up to some 500. Roundings that do not conspire make √256 · 2⁻²⁴ · 500
/// of error, a sixteenth of it after scaling: 3e-5, which is also the relative error of a weight. Values are at most 2 and
/// the total is as uncertain as a weight, hence about 1e-4 in the mean.
const TOLERANCE: f64 = 1e-4;

/// Checks every level, and gives the largest error.
fn check(case: &Case, tolerance: f64) -> f64 {
    let (team, expected) = (Team::new(2), case.reference());
    let mut largest = 0.0f64;
    for kernels in Kernels::all() {
        let got = case.run(kernels, &team, 0, case.rows);
        for (at, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let error = (f64::from(*got) - expected).abs();
            assert!(
                error <= tolerance,
                "{}: {} rows after {}, head of {}, element {at}: {got}, expected {expected}",
                kernels.isa(),
                case.rows,
                case.past,
                case.head_dim
            );
            largest = largest.max(error);
        }
    }
    largest
}

#[test]
fn every_level_gives_the_weighted_mean_of_the_values() {
    for case in table() {
        check(&case, TOLERANCE);
    }
}

/// Keys are at most 2 and queries some 16, rounded to one part in 2,896 (heads of 256) or more: each of d products is off by
/// some 16 · 2 ∕ 2,896 ∕ √3, their sum, scaled by 1 ∕ √d, by the same 6e-3 in the standard deviation when roundings do not
/// conspire. Values are at most 2 and means of many; three deviations of a single position give 0.04.
const ROUNDED_TOLERANCE: f64 = 0.04;

#[test]
fn many_rows_in_integers_are_close_to_that() {
    let mut largest = 0.0f64;
    for case in table().into_iter().filter(|case| case.rows > FEW_ROWS) {
        largest = largest.max(check(&Case { exact: false, ..case }, ROUNDED_TOLERANCE));
    }
    // The integers are at work.
    assert!(largest > TOLERANCE, "{largest}");
}

#[test]
fn what_was_rounded_is_not_rounded_again_and_changes_nothing() {
    let team = Team::new(2);
    for (head_dim, past) in [(64, 300), (48, 380), (80, 250)] {
        let mut case = Case { exact: false, ..Case::new(40, 4, 2, head_dim, past) };
        case.make_mask();
        for kernels in Kernels::all().into_iter().filter(|kernels| kernels.isa() != Isa::Scalar) {
            let mut rounded = RoundedCache::default();
            let mut case = case.clone();
            for (first, count) in [(0, 10), (10, 12), (22, 18)] {
                let expected = case.run(kernels, &team, first, count);
                assert_eq!(case.run_with(kernels, &team, first, count, &mut rounded), expected, "{}", kernels.isa());
            }
            // Whole chunks of 128 positions are known: nobody looks at them again, until they are forgotten.
            let expected = case.run(kernels, &team, 22, 18);
            let positions = past + case.rows + SPARE;
            for head in [&mut case.keys, &mut case.values].into_iter().flat_map(|x| x.chunks_mut(positions * head_dim))
            {
                head[128 * head_dim..256 * head_dim].fill(f16::ONE);
            }
            assert_eq!(case.run_with(kernels, &team, 22, 18, &mut rounded), expected, "{}", kernels.isa());
            rounded.truncate(255);
            let changed = case.run(kernels, &team, 22, 18);
            assert_ne!(changed, expected, "{}", kernels.isa());
            assert_eq!(case.run_with(kernels, &team, 22, 18, &mut rounded), changed, "{}", kernels.isa());
        }
    }
}

#[test]
fn each_of_a_few_rows_is_bit_for_bit_what_it_is_alone() {
    let team = Team::new(2);
    for case in table().iter().filter(|case| case.rows <= FEW_ROWS && case.masked) {
        for kernels in Kernels::all() {
            let together = case.run(kernels, &team, 0, case.rows);
            let alone: Vec<f32> = (0..case.rows).flat_map(|row| case.run(kernels, &team, row, 1)).collect();
            let same = together.iter().zip(&alone).all(|(a, b)| a.to_bits() == b.to_bits());
            assert!(same, "{}: {} rows after {}", kernels.isa(), case.rows, case.past);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let cases = table().into_iter().filter(|case| case.past == 130);
    for case in cases.flat_map(|case| [Case { exact: false, ..case.clone() }, case]) {
        for kernels in levels() {
            let expected = case.run(kernels, &Team::new(1), 0, case.rows);
            for threads in 2..=4 {
                assert_eq!(case.run(kernels, &Team::new(threads), 0, case.rows), expected, "{} threads", threads);
            }
        }
    }
}

#[test]
fn a_row_that_may_look_nowhere_gives_nan() {
    for (rows, exact) in [(2, true), (13, true), (13, false)] {
        let mut case = Case { exact, ..Case::new(rows, 1, 1, 16, 70) };
        case.mask[..70 + rows].fill(f16::NEG_INFINITY);
        for kernels in Kernels::all() {
            let got = case.run(kernels, &Team::new(1), 0, rows);
            let (nowhere, others) = got.split_at(16);
            assert!(nowhere.iter().all(|x| x.is_nan()), "{}: {rows} rows: {nowhere:?}", kernels.isa());
            assert!(others.iter().all(|x| x.is_finite()), "{}: {rows} rows: {others:?}", kernels.isa());
        }
    }
}

#[test]
fn rows_are_appended_head_by_head() {
    let (heads, context, size) = (3, 2100, 16);
    for rows in [1, 2, 2000] {
        let x = Seeded::new(rows as u64).many(rows * heads * size, Seeded::unit);
        for kernels in Kernels::all() {
            let mut cache = vec![f16::NAN; heads * context * size];
            let compute = Compute::new(kernels, 3);
            compute.append(Rows::dense(&x, heads * size), &mut cache, (context, size), 50);
            for (at, &value) in cache.iter().enumerate() {
                let (head, position, element) = (at / size / context, at / size % context, at % size);
                if (50..50 + rows).contains(&position) {
                    let expected = x[((position - 50) * heads + head) * size + element];
                    assert_eq!(value, f16::from_f32(expected), "{}, {rows} rows, {at}", kernels.isa());
                } else {
                    assert!(value.is_nan(), "{}, {rows} rows: {at} was written", kernels.isa());
                }
            }
        }
    }
}

/// Positions that no row may see are not read, in pieces of at most this many: a window makes long contexts cheap.
const LARGEST_PIECE: usize = 128;

#[test]
fn nothing_outside_a_window_is_read() {
    for rows in [1, 4, 13] {
        let (past, window) = (1000, 20);
        let mut case = Case { window: Some(window), ..Case::new(rows, 4, 2, 32, past) };
        case.make_mask();
        let team = Team::new(2);
        let positions = past + rows + SPARE;
        let unseen = (past + 1 - window) / LARGEST_PIECE * LARGEST_PIECE;
        // The scalar level is the meaning, and looks at everything.
        for kernels in Kernels::all().into_iter().filter(|kernels| kernels.isa() != Isa::Scalar) {
            let expected = case.run(kernels, &team, 0, rows);
            let mut poisoned = case.clone();
            for head in
                [&mut poisoned.keys, &mut poisoned.values].into_iter().flat_map(|x| x.chunks_mut(positions * 32))
            {
                head[..unseen * 32].fill(f16::NAN);
            }
            assert_eq!(poisoned.run(kernels, &team, 0, rows), expected, "{}: {rows} rows", kernels.isa());
        }
    }
}
