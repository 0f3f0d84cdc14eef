//! Linear layers on f32 rows: one, a few or many.

use std::{cell::Cell, ops::Range};

use bytemuck::{Pod, Zeroable};

pub(crate) use super::feature::row;
use super::{
    gemm,
    integer::finish,
    weights::{Task, Weights, with_panel},
};
use crate::{Epilogue, FEW_ROWS, PANEL, PackedLinear, Rows, RowsMut, arch::simd::Simd};

/// A cache line.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; 16]);

thread_local! {
    /// What a call works in; grows to the largest need and stays.
    static WORK: Cell<Vec<Line>> = const { Cell::new(Vec::new()) };
}

/// `len` floats in whole cache lines, whatever they hold.
fn room(work: &mut Vec<Line>, len: usize) -> &mut [f32] {
    let lines = len.div_ceil(16);
    if work.len() < lines {
        work.resize(lines, Line::zeroed());
    }
    &mut bytemuck::cast_slice_mut(work)[..len]
}

/// Inputs that a few rows are multiplied with at a time: the floats of a panel (8 KiB) stay in the first cache.
const FEW_INPUTS: usize = 128;

/// # Safety
/// As [`Simd`]; shapes must agree.
#[inline(always)]
pub(crate) unsafe fn linear<S: Simd>(
    weights: &PackedLinear,
    x: Rows<'_>,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    if x.rows() == 1 {
        let x = x.row(0);
        for feature in features.clone().step_by(PANEL) {
            let sums = with_panel::<S, _>(weights, feature / PANEL, One(x));
            let to = out.pointer(0).add(feature - features.start);
            finish::<S>(sums, to, PANEL.min(features.end - feature), epilogue);
        }
        return;
    }
    // Taken out for the while, so that the borrow is no closure's, which would not be compiled for the level.
    let mut work = WORK.take();
    if x.rows() <= FEW_ROWS {
        few::<S>(weights, x, features, out, epilogue, room(&mut work, FEW_INPUTS * PANEL));
    } else {
        gemm::linear::<S>(weights, x, features, out, epilogue, room(&mut work, gemm::Work::<S>::FLOATS));
    }
    WORK.set(work);
}

/// Sums one row over a panel, in four chains by k modulo 4.
struct One<'a>(&'a [f32]);

impl<S: Simd> Task<S> for One<'_> {
    type Output = S::F;

    #[inline(always)]
    unsafe fn run<W: Weights<S>>(self, panel: W) -> S::F {
        let x = self.0;
        let whole = x.len() / W::STEP * W::STEP;
        let mut chains = [S::splat(0.0); 4];
        for k in (0..whole).step_by(W::STEP) {
            for part in 0..W::STEP / 4 {
                let weights = panel.four(k, part);
                let x = x.as_ptr().add(k + 4 * part);
                for lane in 0..4 {
                    chains[lane] = S::fma(weights[lane], S::splat(*x.add(lane)), chains[lane]);
                }
            }
        }
        for (part, x) in x[whole..].chunks(4).enumerate() {
            let weights = panel.four(whole, part);
            for (lane, x) in x.iter().enumerate() {
                chains[lane] = S::fma(weights[lane], S::splat(*x), chains[lane]);
            }
        }
        join::<S>(chains)
    }
}

/// The sum of four chains.
#[inline(always)]
unsafe fn join<S: Simd>([a, b, c, d]: [S::F; 4]) -> S::F {
    S::add(S::add(S::add(a, b), c), d)
}

/// The same for up to [`FEW_ROWS`] rows, each summed as [`One`] does it.
#[inline(always)]
unsafe fn few<S: Simd>(
    weights: &PackedLinear,
    x: Rows<'_>,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
    floats: &mut [f32],
) {
    let (rows, columns) = (x.rows(), x.columns());
    for feature in features.clone().step_by(PANEL) {
        let mut chains = [[S::splat(0.0); 4]; FEW_ROWS];
        for k in (0..columns).step_by(FEW_INPUTS) {
            let inputs = FEW_INPUTS.min(columns - k);
            dequantize::<S>(weights, feature / PANEL, k..k + inputs, floats);
            let mut row = 0;
            macro_rules! rows {
                ($m:literal, $chains:literal) => {
                    while row + $m <= rows {
                        let mut from = [x.row(row).as_ptr().add(k); $m];
                        (0..$m).for_each(|m| from[m] = x.row(row + m).as_ptr().add(k));
                        let chains = &mut chains[row..row + $m];
                        accumulate::<S, $m, $chains>(floats.as_ptr(), from, inputs, chains);
                        row += $m;
                    }
                };
            }
            if S::TILE > 4 {
                rows!(8, 1);
            }
            rows!(4, 1);
            rows!(2, 2);
            rows!(1, 4);
        }
        let len = PANEL.min(features.end - feature);
        for (row, chains) in chains.into_iter().take(rows).enumerate() {
            finish::<S>(join::<S>(chains), out.pointer(row).add(feature - features.start), len, epilogue);
        }
    }
}

/// Adds the products of `inputs` inputs to the chains of `M` rows, `C` chains of a row at a time.
#[inline(always)]
unsafe fn accumulate<S: Simd, const M: usize, const C: usize>(
    weights: *const f32,
    x: [*const f32; M],
    inputs: usize,
    chains: &mut [[S::F; 4]],
) {
    for first in (0..4).step_by(C) {
        let mut sums = [[S::splat(0.0); C]; M];
        for m in 0..M {
            sums[m].copy_from_slice(&chains[m][first..first + C]);
        }
        let mut add = |k: usize, c: usize| {
            let weight = S::load(weights.add(k * PANEL));
            for m in 0..M {
                sums[m][c] = S::fma(weight, S::splat(*x[m].add(k)), sums[m][c]);
            }
        };
        for k in (first..inputs.saturating_sub(3) + first).step_by(4) {
            for c in 0..C {
                add(k + c, c);
            }
        }
        for c in 0..C {
            let k = inputs / 4 * 4 + first + c;
            if k < inputs {
                add(k, c);
            }
        }
        for m in 0..M {
            chains[m][first..first + C].copy_from_slice(&sums[m]);
        }
    }
}

/// Writes the weights of `inputs` in f32: \[inputs (up to a multiple of the encoding's step), 16\].
struct Dequantize<'a> {
    inputs: Range<usize>,
    out: &'a mut [f32],
}

impl<S: Simd> Task<S> for Dequantize<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<W: Weights<S>>(self, panel: W) {
        assert!(self.out.len() >= self.inputs.len().next_multiple_of(W::STEP) * PANEL, "room for the weights");
        let mut to = self.out.as_mut_ptr();
        for k in self.inputs.step_by(W::STEP) {
            for part in 0..W::STEP / 4 {
                for weights in panel.four(k, part) {
                    S::store(to, weights);
                    to = to.add(PANEL);
                }
            }
        }
    }
}

/// [`Dequantize`] for a panel of packed weights.
///
/// # Safety
/// As [`Simd`]; `inputs` must start at a multiple of 32 and belong to the panel.
#[inline(always)]
pub(super) unsafe fn dequantize<S: Simd>(weights: &PackedLinear, panel: usize, inputs: Range<usize>, out: &mut [f32]) {
    with_panel::<S, _>(weights, panel, Dequantize { inputs, out });
}
