use std::{cell::Cell, ops::Range};

use super::integer::{Panel, finish};
use crate::{
    Epilogue, FEW_ROWS, PANEL, PackedLinear, Rows, RowsMut,
    arch::simd::Simd,
    linear::{CodeBits, Encoding, FloatKind, Grouping},
};

thread_local! {
    /// A dequantised panel; grows to the largest one and stays.
    static PANEL_FLOATS: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

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
    let columns = weights.columns();
    for feature in features.clone().step_by(PANEL) {
        let panel = feature / PANEL;
        let target = Target { column: feature - features.start, len: PANEL.min(features.end - feature), epilogue };
        match weights.encoding {
            Encoding::Float(FloatKind::F32) => {
                let panel = weights.codes.as_slice::<f32>()[panel * columns * PANEL..].as_ptr();
                rows::<S>(|k| S::load(panel.add(k * PANEL)), x, out, target);
            }
            Encoding::Float(FloatKind::F16) => {
                let panel = weights.codes.as_slice::<u16>()[panel * columns * PANEL..].as_ptr();
                rows::<S>(|k| S::load_f16(panel.add(k * PANEL)), x, out, target);
            }
            Encoding::Float(FloatKind::Bf16) => {
                let panel = weights.codes.as_slice::<u16>()[panel * columns * PANEL..].as_ptr();
                rows::<S>(|k| S::load_bf16(panel.add(k * PANEL)), x, out, target);
            }
            Encoding::Integer { .. } => {
                // Taken out for the while: a closure over the borrow would not be compiled for the level.
                let mut floats = PANEL_FLOATS.take();
                floats.resize(floats.len().max(columns.next_multiple_of(32) * PANEL), 0.0);
                dequantize::<S>(weights, panel, &mut floats);
                let start = floats.as_ptr();
                rows::<S>(|k| S::load(start.add(k * PANEL)), x, out, target);
                PANEL_FLOATS.set(floats);
            }
        }
    }
}

/// Where the sums of a panel go.
#[derive(Clone, Copy)]
struct Target {
    column: usize,
    len: usize,
    epilogue: Epilogue,
}

/// All rows of one panel. Few rows are summed in four chains by k modulo 4, each row alike; many in one chain.
#[inline(always)]
unsafe fn rows<S: Simd>(weight: impl Fn(usize) -> S::F + Copy, x: Rows<'_>, out: &mut RowsMut<'_>, target: Target) {
    let mut row = 0;
    macro_rules! rows {
        ($m:literal, $chains:literal) => {
            while row + $m <= x.rows() {
                let mut from = [x.row(row).as_ptr(); $m];
                (0..$m).for_each(|m| from[m] = x.row(row + m).as_ptr());
                let sums = sums::<S, $m, $chains>(weight, from, x.columns());
                for (m, sums) in sums.into_iter().enumerate() {
                    finish::<S>(sums, out.pointer(row + m).add(target.column), target.len, target.epilogue);
                }
                row += $m;
            }
        };
    }
    if x.rows() > FEW_ROWS {
        if S::TILE > 4 {
            rows!(12, 1);
        }
        rows!(4, 1);
    }
    rows!(4, 4);
    rows!(2, 4);
    rows!(1, 4);
}

#[inline(always)]
unsafe fn sums<S: Simd, const M: usize, const CHAINS: usize>(
    weight: impl Fn(usize) -> S::F,
    x: [*const f32; M],
    columns: usize,
) -> [S::F; M] {
    let mut chains = [[S::splat(0.0); M]; CHAINS];
    let whole = columns / CHAINS * CHAINS;
    for k in (0..whole).step_by(CHAINS) {
        for (chain, sums) in chains.iter_mut().enumerate() {
            let weight = weight(k + chain);
            for m in 0..M {
                sums[m] = S::fma(weight, S::splat(*x[m].add(k + chain)), sums[m]);
            }
        }
    }
    for k in whole..columns {
        let weight = weight(k);
        for m in 0..M {
            chains[0][m] = S::fma(weight, S::splat(*x[m].add(k)), chains[0][m]);
        }
    }
    let mut sums = chains[0];
    for chain in &chains[1..] {
        for m in 0..M {
            sums[m] = S::add(sums[m], chain[m]);
        }
    }
    sums
}

/// Writes the weights of a panel of integers in f32: \[columns (a multiple of 32), 16\].
#[inline(always)]
unsafe fn dequantize<S: Simd>(weights: &PackedLinear, panel: usize, out: &mut [f32]) {
    let Encoding::Integer { bits, grouping, .. } = weights.encoding else { unreachable!("integer weights") };
    let panel = Panel::of(weights, panel);
    // Groups of 4 inputs that share a scale.
    let share = match grouping {
        Grouping::Half => 4,
        Grouping::Blocks(each) => each * 8,
    };
    let groups = weights.blocks() * 8;
    assert!(out.len() >= groups * 4 * PANEL, "room for the panel");
    for group in 0..groups {
        let scale = panel.scales.group::<S>(group / share);
        let offset = match panel.offsets {
            Some(table) => table.group::<S>(group / share),
            None => S::splat(panel.offset as f32),
        };
        let codes = match bits {
            // Two groups share their bytes, the second has the high halves.
            CodeBits::Four => {
                let bytes = S::load_int(panel.codes.add(group / 2 * 64).cast());
                if group % 2 == 0 {
                    [
                        S::extract::<0>(bytes, 15),
                        S::extract::<8>(bytes, 15),
                        S::extract::<16>(bytes, 15),
                        S::extract::<24>(bytes, 15),
                    ]
                } else {
                    [
                        S::extract::<4>(bytes, 15),
                        S::extract::<12>(bytes, 15),
                        S::extract::<20>(bytes, 15),
                        S::extract::<28>(bytes, 15),
                    ]
                }
            }
            CodeBits::Eight => {
                let bytes = S::load_int(panel.codes.add(group * 64).cast());
                [
                    S::extract::<0>(bytes, 255),
                    S::extract::<8>(bytes, 255),
                    S::extract::<16>(bytes, 255),
                    S::extract::<24>(bytes, 255),
                ]
            }
        };
        for (lane, codes) in codes.into_iter().enumerate() {
            let mut weight = S::mul(scale, S::sub(S::to_float(codes), offset));
            if weights.rounded {
                let mut rounded = [0u16; PANEL];
                S::store_f16(rounded.as_mut_ptr(), weight);
                weight = S::load_f16(rounded.as_ptr());
            }
            S::store(out.as_mut_ptr().add((group * 4 + lane) * PANEL), weight);
        }
    }
}
