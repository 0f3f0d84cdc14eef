use std::ops::Range;

use super::rows::{load_some, store_some};
use crate::{
    ACTIVATION_BLOCK, Epilogue, PANEL, PackedLinear, Precision, QuantizedRows, RowsMut,
    activations::WIDE_TILE,
    arch::simd::Simd,
    linear::{CodeBits, Encoding, FloatKind, Grouping, OffsetKind},
};

/// Bytes of codes that a tile of many rows meets before the next tile does: they stay in a core's second cache.
const CHUNK_BYTES: usize = 256 << 10;

/// How far ahead of the codes being multiplied a row asks for others, in bytes: hardware prefetchers stop at every page of
/// 4 KiB, and memory answers after the time that a few KiB take to multiply.
pub(super) const AHEAD: usize = 16 << 10;

/// What a kernel subtracts from codes: nothing, 8 (the offset of symmetric 4-bit codes), anything.
const NONE: u8 = 0;
const EIGHT: u8 = 1;
const ANY: u8 = 2;

/// One panel of integer weights.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub codes: *const u8,
    pub scales: Table,
    pub offsets: Option<Table>,
    /// What a code of 0 weight is, if all groups have the same.
    pub offset: i32,
    /// Blocks (or half blocks, if scales are per half) that share a scale.
    pub each: usize,
    /// Blocks or half blocks.
    pub count: usize,
}

/// Scales or offsets of a panel, 16 to a group.
#[derive(Clone, Copy)]
pub(super) struct Table {
    start: *const u8,
    half: bool,
}

impl Table {
    /// # Safety
    /// As [`Simd`]; there must be such a group.
    #[inline(always)]
    pub unsafe fn group<S: Simd>(self, group: usize) -> S::F {
        if self.half {
            S::load_f16(self.start.cast::<u16>().add(group * PANEL))
        } else {
            S::load(self.start.cast::<f32>().add(group * PANEL))
        }
    }
}

impl Table {
    /// Asks for a group that comes [`AHEAD`] bytes of codes later or so.
    #[inline(always)]
    unsafe fn prefetch<S: Simd>(self, group: usize) {
        let bytes = if self.half { 2 * PANEL } else { 4 * PANEL };
        S::prefetch(self.start.wrapping_add((group + AHEAD / (ACTIVATION_BLOCK * PANEL / 2)) * bytes));
    }
}

impl Panel {
    /// Panel `panel` of integer weights.
    pub fn of(weights: &PackedLinear, panel: usize) -> Self {
        let Encoding::Integer { bits, grouping, scales, offset } = weights.encoding else {
            unreachable!("a panel of integers")
        };
        let blocks = weights.blocks();
        let (each, count) = match grouping {
            Grouping::Half => (1, blocks * 2),
            Grouping::Blocks(each) => (each, blocks),
        };
        let half = scales == FloatKind::F16;
        let table = |storage: &[u8]| {
            let groups = panel * count.div_ceil(each);
            Table { start: storage[groups * PANEL * if half { 2 } else { 4 }..].as_ptr(), half }
        };
        let (offset, offsets) = match offset {
            OffsetKind::Constant(offset) => (offset, None),
            OffsetKind::PerGroup => (0, Some(table(weights.offsets.as_slice()))),
        };
        Self {
            codes: weights.codes.as_slice::<u8>()[panel * blocks * bits.block_bytes()..].as_ptr(),
            scales: table(weights.scales.as_slice()),
            offsets,
            offset,
            each,
            count,
        }
    }

    /// Sums of `M` rows of a tile of `tile` rows, which starts at block `first` in memory order. With half blocks (`GROUPS`
    /// of 4) two of them make a block.
    ///
    /// # Safety
    /// As [`Simd`]; the rows must exist and have the panel's blocks.
    #[inline(always)]
    unsafe fn sums<S: Simd, const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        self,
        x: &QuantizedRows,
        first: usize,
        tile: usize,
    ) -> [S::F; M] {
        let bias = if BITS == 8 { S::BIAS_8 } else { 0 };
        match self.offset - bias {
            0 if self.offsets.is_none() => self.sums_of::<S, M, BITS, WIDE, GROUPS, NONE>(x, first, tile),
            8 => self.sums_of::<S, M, BITS, WIDE, GROUPS, EIGHT>(x, first, tile),
            _ => self.sums_of::<S, M, BITS, WIDE, GROUPS, ANY>(x, first, tile),
        }
    }

    /// [`Panel::sums`]. An offset of 8 is what the integer dot products start from; others are multiplied with the sums of
    /// the blocks' activations, which costs a multiplication more.
    #[inline(always)]
    unsafe fn sums_of<
        S: Simd,
        const M: usize,
        const BITS: usize,
        const WIDE: bool,
        const GROUPS: usize,
        const OFFSET: u8,
    >(
        self,
        x: &QuantizedRows,
        first: usize,
        tile: usize,
    ) -> [S::F; M] {
        let plane = ACTIVATION_BLOCK;
        let planes = if WIDE { 2 * plane } else { plane };
        let per_block = 8 / GROUPS;
        let bias = if BITS == 8 { S::BIAS_8 } else { 0 };
        let mut sums = [S::splat(0.0); M];
        // Few rows are bound by latency and have registers left: a chain of their own for offsets.
        let mut zeros = [S::splat(0.0); M];
        let mut codes = self.codes;
        for (group, start) in (0..self.count).step_by(self.each).enumerate() {
            if WIDE {
                self.scales.prefetch::<S>(group);
                if let Some(table) = self.offsets {
                    table.prefetch::<S>(group);
                }
            }
            let scale = self.scales.group::<S>(group);
            // What a code of 0 stands for.
            let zero = match self.offsets {
                Some(table) => S::mul(S::sub(S::splat(bias as f32), table.group::<S>(group)), scale),
                None => S::mul(S::splat((bias - self.offset) as f32), scale),
            };
            for at in start..(start + self.each).min(self.count) {
                let (block, half) = (at / per_block, at % per_block);
                let number = first + block * tile;
                // The halves of a block lie a tile apart; see `QuantizedRows::half_shifts`.
                let place = if GROUPS == 8 { number } else { first * 2 + (block * 2 + half) * tile };
                let (shifts, block_sums) = match GROUPS {
                    8 => (x.shifts.as_ptr(), x.sums.as_ptr()),
                    _ => (x.half_shifts.as_ptr(), x.half_sums.as_ptr()),
                };
                let mut high = [x.integers.as_ptr(); M];
                let mut begin = [S::splat_int(0); M];
                for m in 0..M {
                    high[m] = high[m].add((number + m) * planes + half * GROUPS * 4);
                    if OFFSET == EIGHT {
                        begin[m] = S::splat_int(*shifts.add(place + m));
                    }
                }
                if WIDE {
                    let ahead = codes.wrapping_add(AHEAD);
                    for line in 0..GROUPS * PANEL * BITS / 2 / 64 {
                        S::prefetch(ahead.wrapping_add(line * 64));
                    }
                }
                let dots =
                    S::dot::<M, BITS, WIDE, GROUPS>(codes, high, high.map(|high| high.wrapping_add(plane)), begin);
                codes = codes.add(GROUPS * PANEL * BITS / 2);
                for m in 0..M {
                    let x_scale = S::splat(*x.scales.as_ptr().add(number + m));
                    if OFFSET == ANY {
                        let chain = if WIDE { &mut zeros[m] } else { &mut sums[m] };
                        *chain = S::fma(zero, S::splat(*block_sums.add(place + m)), *chain);
                    }
                    sums[m] = S::fma(S::mul(scale, x_scale), S::to_float(dots[m]), sums[m]);
                }
            }
        }
        if OFFSET == ANY && WIDE {
            for m in 0..M {
                sums[m] = S::add(sums[m], zeros[m]);
            }
        }
        sums
    }
}

/// Writes or adds the sums of one panel for a row.
///
/// # Safety
/// As [`Simd`]; `len` elements must be writable.
#[inline(always)]
pub(super) unsafe fn finish<S: Simd>(sums: S::F, to: *mut f32, len: usize, epilogue: Epilogue) {
    let value = match epilogue {
        Epilogue::Set => sums,
        Epilogue::Add => S::add(sums, load_some::<S>(to, len, 0.0)),
    };
    store_some::<S>(to, len, value);
}

/// # Safety
/// As [`Simd`]; shapes must agree.
#[inline(always)]
pub(crate) unsafe fn linear<S: Simd>(
    weights: &PackedLinear,
    x: &QuantizedRows,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    let Encoding::Integer { bits, grouping, .. } = weights.encoding else { unreachable!("integer weights") };
    let job = Job { weights, x, features, epilogue };
    match (bits, grouping) {
        (CodeBits::Four, Grouping::Blocks(_)) => job.run::<S, 4, 8>(out),
        (CodeBits::Four, Grouping::Half) => job.run::<S, 4, 4>(out),
        (CodeBits::Eight, Grouping::Blocks(_)) => job.run::<S, 8, 8>(out),
        (CodeBits::Eight, Grouping::Half) => job.run::<S, 8, 4>(out),
    }
}

struct Job<'a> {
    weights: &'a PackedLinear,
    x: &'a QuantizedRows,
    features: Range<usize>,
    epilogue: Epilogue,
}

impl Job<'_> {
    #[inline(always)]
    unsafe fn run<S: Simd, const BITS: usize, const GROUPS: usize>(&self, out: &mut RowsMut<'_>) {
        match self.x.precision {
            Precision::Sixteen => self.few::<S, BITS, GROUPS>(out),
            Precision::Eight => self.many::<S, BITS, GROUPS>(out),
        }
    }

    /// The panels of the features, with the column of `out` where each begins and how many of its features are wanted.
    #[inline(always)]
    fn panels(&self) -> impl Iterator<Item = (Panel, usize, usize)> {
        let Range { start, end } = self.features;
        (start..end)
            .step_by(PANEL)
            .map(move |feature| (Panel::of(self.weights, feature / PANEL), feature - start, PANEL.min(end - feature)))
    }

    /// Tile by tile for each panel, rows of 16 bits; those of a tile share the reading of the weights.
    #[inline(always)]
    unsafe fn few<S: Simd, const BITS: usize, const GROUPS: usize>(&self, out: &mut RowsMut<'_>) {
        let QuantizedRows { rows, blocks, tile, .. } = *self.x;
        for (panel, column, len) in self.panels() {
            for row in (0..rows).step_by(tile) {
                macro_rules! rows {
                    ($m:literal, $tile:expr) => {{
                        let sums = panel.sums::<S, $m, BITS, true, GROUPS>(self.x, row * blocks, $tile);
                        for (m, sums) in sums.into_iter().take(rows - row).enumerate() {
                            finish::<S>(sums, out.pointer(row + m).add(column), len, self.epilogue);
                        }
                    }};
                }
                match rows - row {
                    1 => rows!(1, tile),
                    2 => rows!(2, tile),
                    // Three rows take as long as four.
                    _ => rows!(4, WIDE_TILE),
                }
            }
        }
    }

    /// Tiles of rows of 8 bits. A tile meets a chunk of panels that stays in the core's own cache, so that outputs are
    /// written along the rows.
    #[inline(always)]
    unsafe fn many<S: Simd, const BITS: usize, const GROUPS: usize>(&self, out: &mut RowsMut<'_>) {
        let panel_bytes = self.x.blocks * ACTIVATION_BLOCK * PANEL * BITS / 8;
        let chunk = (CHUNK_BYTES / panel_bytes).max(1) * PANEL;
        for first in self.features.clone().step_by(chunk) {
            let chunk = first..(first + chunk).min(self.features.end);
            for row in (0..self.x.rows).step_by(S::TILE) {
                let rows = S::TILE.min(self.x.rows - row);
                for feature in chunk.clone().step_by(PANEL) {
                    let panel = Panel::of(self.weights, feature / PANEL);
                    let (column, len) = (feature - self.features.start, PANEL.min(chunk.end - feature));
                    macro_rules! rows {
                        ($m:literal) => {{
                            let sums = panel.sums::<S, $m, BITS, false, GROUPS>(self.x, row * self.x.blocks, S::TILE);
                            for (m, sums) in sums.into_iter().take(rows).enumerate() {
                                finish::<S>(sums, out.pointer(row + m).add(column), len, self.epilogue);
                            }
                        }};
                    }
                    // A tile that is not full has room for the rows that are computed in vain.
                    match rows {
                        9.. if S::TILE > 8 => rows!(12),
                        5.. if S::TILE > 4 => rows!(8),
                        _ => rows!(4),
                    }
                }
            }
        }
    }
}
