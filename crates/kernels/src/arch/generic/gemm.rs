//! Many rows times float weights, or weights made float: blocked, so that what is read again stays in a core's caches.

use std::{marker::PhantomData, ops::Range};

use super::{float::dequantize, integer::finish};
use crate::{Epilogue, PANEL, PackedLinear, Rows, RowsMut, arch::simd::Simd};

/// Inputs of a block: as floats, those of a panel are 16 KiB. Sums are formed block by block, whatever the split.
const INPUTS: usize = 256;

/// Rows of a chunk, a multiple of every level's tile: a block of them is 240 KiB, which stays in the second cache while all
/// panels pass by, and is large enough to make up for turning weights into floats.
const ROWS: usize = 240;

/// A call's memory.
pub(super) struct Work<'a, S> {
    /// A block of the rows of a chunk: \[tile, input, row of the tile\].
    rows: &'a mut [f32],
    /// A block of the weights of `FLOAT_PANELS` panels: \[panel, input, 16\].
    weights: &'a mut [f32],
    level: PhantomData<S>,
}

impl<'a, S: Simd> Work<'a, S> {
    /// How much that is.
    pub const FLOATS: usize = INPUTS * (ROWS + S::FLOAT_PANELS * PANEL);

    fn new(floats: &'a mut [f32]) -> Self {
        let (rows, weights) = floats[..Self::FLOATS].split_at_mut(INPUTS * ROWS);
        Self { rows, weights, level: PhantomData }
    }

    /// Brings a block of rows into tiles; what a last tile lacks is left as it was.
    #[inline(always)]
    fn take_rows(&mut self, x: Rows<'_>, rows: Range<usize>, inputs: Range<usize>) {
        let tile_floats = inputs.len() * S::FLOAT_ROWS;
        for (at, row) in rows.enumerate() {
            let tile = &mut self.rows[at / S::FLOAT_ROWS * tile_floats..][..tile_floats];
            let to = tile.iter_mut().skip(at % S::FLOAT_ROWS).step_by(S::FLOAT_ROWS);
            to.zip(&x.row(row)[inputs.clone()]).for_each(|(to, x)| *to = *x);
        }
    }
}

/// # Safety
/// As [`Simd`]; shapes must agree.
#[inline(always)]
pub(super) unsafe fn linear<S: Simd>(
    weights: &PackedLinear,
    x: Rows<'_>,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
    floats: &mut [f32],
) {
    let mut work = Work::<S>::new(floats);
    for first in (0..x.rows()).step_by(ROWS) {
        let rows = first..x.rows().min(first + ROWS);
        for k in (0..x.columns().max(1)).step_by(INPUTS) {
            let inputs = k..x.columns().min(k + INPUTS);
            work.take_rows(x, rows.clone(), inputs.clone());
            let epilogue = if k == 0 { epilogue } else { Epilogue::Add };
            for feature in features.clone().step_by(S::FLOAT_PANELS * PANEL) {
                let len = (features.end - feature).min(S::FLOAT_PANELS * PANEL);
                for (at, floats) in work.weights.chunks_exact_mut(INPUTS * PANEL).take(len.div_ceil(PANEL)).enumerate()
                {
                    dequantize::<S>(weights, feature / PANEL + at, inputs.clone(), floats);
                }
                let target = Target { rows: rows.clone(), column: feature - features.start, len, epilogue };
                if len > PANEL {
                    target.write::<S, 2>(&work, inputs.len(), out);
                } else {
                    target.write::<S, 1>(&work, inputs.len(), out);
                }
            }
        }
    }
}

/// Where the sums of a chunk of rows and up to `FLOAT_PANELS` panels go.
struct Target {
    rows: Range<usize>,
    column: usize,
    len: usize,
    epilogue: Epilogue,
}

impl Target {
    /// Multiplies a block of rows with a block of `N` panels.
    #[inline(always)]
    unsafe fn write<S: Simd, const N: usize>(&self, work: &Work<'_, S>, inputs: usize, out: &mut RowsMut<'_>) {
        let mut panels = [work.weights.as_ptr(); N];
        (0..N).for_each(|n| panels[n] = panels[n].wrapping_add(n * INPUTS * PANEL));
        for (tile, row) in self.rows.clone().step_by(S::FLOAT_ROWS).enumerate() {
            let rows = S::FLOAT_ROWS.min(self.rows.end - row);
            let x = work.rows[tile * inputs * S::FLOAT_ROWS..].as_ptr();
            macro_rules! rows {
                ($m:literal) => {
                    for (m, sums) in sums::<S, $m, N>(x, panels, inputs).into_iter().take(rows).enumerate() {
                        for (n, sums) in sums.into_iter().enumerate() {
                            let to = out.pointer(row + m).add(self.column + n * PANEL);
                            finish::<S>(sums, to, self.len - n * PANEL, self.epilogue);
                        }
                    }
                };
            }
            // A tile that is not full has room for the rows that are computed in vain.
            match rows {
                9.. if S::FLOAT_ROWS > 6 => rows!(12),
                7.. if S::FLOAT_ROWS > 6 => rows!(8),
                5.. => rows!(6),
                3.. => rows!(4),
                _ => rows!(2),
            }
        }
    }
}

/// Sums of the first `M` rows of a tile.
#[inline(always)]
unsafe fn sums<S: Simd, const M: usize, const N: usize>(
    x: *const f32,
    panels: [*const f32; N],
    inputs: usize,
) -> [[S::F; N]; M] {
    let mut sums = [[S::splat(0.0); N]; M];
    for k in 0..inputs {
        let mut weights = [S::splat(0.0); N];
        for n in 0..N {
            weights[n] = S::load(panels[n].add(k * PANEL));
        }
        for m in 0..M {
            let x = S::splat(*x.add(k * S::FLOAT_ROWS + m));
            for n in 0..N {
                sums[m][n] = S::fma(weights[n], x, sums[m][n]);
            }
        }
    }
    sums
}
