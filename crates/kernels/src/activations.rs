//! Activations rounded to integers per block of 32, as the integer kernels take them.

use std::{marker::PhantomData, ops::Range};

use crate::{Isa, Kernels, Rows, Team, compute::ELEMENTS_WORTH_SHARING, kernels::dispatch, team::Parts};

/// Elements of a row that share a scale.
pub const ACTIVATION_BLOCK: usize = 32;

/// How finely activations are rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// 8 bits: for many rows, which are bound by arithmetic.
    Eight,
    /// 16 bits, as two planes of 8: for a few rows, which are bound by reading weights. The extra pass is hidden then.
    Sixteen,
}

/// Rows up to which [`Precision::for_rows`] chooses 16 bits, and up to which every row of a batch gets bit for bit what
/// it would get alone.
pub const FEW_ROWS: usize = 8;

/// Rows of 16 bits that share the reading of the weights.
pub(crate) const WIDE_TILE: usize = 4;

impl Precision {
    /// The precision for a batch of `rows` rows: 16 bits up to [`FEW_ROWS`], 8 above.
    pub fn for_rows(rows: usize) -> Self {
        if rows <= FEW_ROWS { Self::Sixteen } else { Self::Eight }
    }

    /// The largest integer: at 16 bits the largest whose two bytes, both signed, fit.
    pub(crate) fn limit(self) -> f32 {
        match self {
            Self::Eight => 127.0,
            Self::Sixteen => 32_512.0,
        }
    }

    /// Bytes of an integer.
    fn planes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Sixteen => 2,
        }
    }
}

/// Rows of activations as integers: x ≈ scale · (256·high + low) at 16 bits, scale · high at 8, with a scale per block of
/// [`ACTIVATION_BLOCK`] elements. Reuse one value for many calls: it allocates only when it must grow.
///
/// The rows of a tile lie together, so that a many-row kernel reads one stream: \[tile, block, row of the tile, plane, 32\].
#[derive(Debug, Clone)]
pub struct QuantizedRows {
    pub(crate) precision: Precision,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Rows of a tile: what the instruction set holds in registers, and at 16 bits no more than there are.
    pub(crate) tile: usize,
    /// Blocks in a row; the last one is padded with zeros.
    pub(crate) blocks: usize,
    /// \[tile, block, row of the tile, plane (high, low), 32\]
    pub(crate) integers: Vec<i8>,
    /// \[tile, block, row of the tile\]
    pub(crate) scales: Vec<f32>,
    /// −8 times the sum of each block's integers, what a dot product with symmetric 4-bit codes starts from; as `scales`.
    pub(crate) shifts: Vec<i32>,
    /// The same for each half of a block: \[tile, block, half, row of the tile\].
    pub(crate) half_shifts: Vec<i32>,
    /// The sum of each block's activations as rounded, which offsets of weights multiply; as `scales`.
    pub(crate) sums: Vec<f32>,
    /// The same for each half of a block, as `half_shifts`.
    pub(crate) half_sums: Vec<f32>,
    /// A row for each worker, before it is rounded.
    scratch: Vec<f32>,
}

impl Default for QuantizedRows {
    fn default() -> Self {
        Self {
            precision: Precision::Eight,
            rows: 0,
            columns: 0,
            tile: 1,
            blocks: 0,
            integers: Vec::new(),
            scales: Vec::new(),
            shifts: Vec::new(),
            half_shifts: Vec::new(),
            sums: Vec::new(),
            half_sums: Vec::new(),
            scratch: Vec::new(),
        }
    }
}

/// One row of [`QuantizedRows`] being written.
pub(crate) struct QuantizedRow<'a> {
    pub precision: Precision,
    tile: usize,
    /// Number of the first block of the row, counting blocks of all rows in memory order.
    first: usize,
    end: usize,
    integers: *mut i8,
    scales: *mut f32,
    shifts: *mut i32,
    half_shifts: *mut i32,
    sums: *mut f32,
    half_sums: *mut f32,
    lifetime: PhantomData<&'a mut QuantizedRows>,
}

impl QuantizedRow<'_> {
    /// Writes the scale of block `block` and the sums of its halves, and returns its integers: 32 high bytes, at 16 bits
    /// followed by 32 low ones.
    #[inline(always)]
    pub fn block(&mut self, block: usize, scale: f32, sums: [i32; 2]) -> &mut [i8] {
        let at = self.first + block * self.tile;
        assert!(at < self.end, "block {block}");
        let shifts = sums.map(|sum| sum.wrapping_mul(-8));
        let bytes = self.precision.planes() * ACTIVATION_BLOCK;
        // SAFETY: `at` is one of the row's blocks, all of which lie in the buffers and are borrowed by this row alone.
        unsafe {
            *self.scales.add(at) = scale;
            *self.shifts.add(at) = shifts[0].wrapping_add(shifts[1]);
            *self.sums.add(at) = sums[0].wrapping_add(sums[1]) as f32 * scale;
            let halves = at / self.tile * self.tile * 2 + at % self.tile;
            for (half, at) in [halves, halves + self.tile].into_iter().enumerate() {
                *self.half_shifts.add(at) = shifts[half];
                *self.half_sums.add(at) = sums[half] as f32 * scale;
            }
            std::slice::from_raw_parts_mut(self.integers.add(at * bytes), bytes)
        }
    }
}

impl QuantizedRows {
    /// Room for `rows` rows of `columns` elements at either precision, so that later calls of that size do not allocate.
    pub fn with_capacity(rows: usize, columns: usize) -> Self {
        let mut quantized = Self::default();
        quantized.reshape(rows, columns, Precision::Sixteen, WIDE_TILE);
        quantized.reshape(rows, columns, Precision::Eight, Kernels::LARGEST_TILE);
        quantized
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Elements of a row (without padding).
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// How finely the rows are rounded.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// Sets the sizes; the content is unspecified until every row is quantised.
    fn reshape(&mut self, rows: usize, columns: usize, precision: Precision, tile: usize) {
        fn grow<T: Clone + Default>(data: &mut Vec<T>, len: usize) {
            data.resize(data.len().max(len), T::default());
        }
        let blocks = columns.div_ceil(ACTIVATION_BLOCK);
        let all = rows.next_multiple_of(tile) * blocks;
        grow(&mut self.integers, all * ACTIVATION_BLOCK * precision.planes());
        grow(&mut self.scales, all);
        grow(&mut self.shifts, all);
        grow(&mut self.half_shifts, all * 2);
        grow(&mut self.sums, all);
        grow(&mut self.half_sums, all * 2);
        (self.rows, self.columns, self.blocks) = (rows, columns, blocks);
        (self.precision, self.tile) = (precision, tile);
    }

    /// A row to write.
    ///
    /// # Safety
    /// No two rows that are alive together may have the same number, and the buffers may not change meanwhile.
    unsafe fn row(start: &QuantizedStart, row: usize) -> QuantizedRow<'_> {
        let &QuantizedStart { precision, tile, blocks, integers, scales, .. } = start;
        let &QuantizedStart { shifts, half_shifts, sums, half_sums, .. } = start;
        assert!(row < start.rows, "row {row}");
        let first = row / tile * tile * blocks + row % tile;
        let end = first + blocks * tile;
        QuantizedRow {
            precision,
            tile,
            first,
            end,
            integers,
            scales,
            shifts,
            half_shifts,
            sums,
            half_sums,
            lifetime: PhantomData,
        }
    }

    /// The buffers, for workers to take rows of.
    fn start(&mut self) -> QuantizedStart {
        QuantizedStart {
            precision: self.precision,
            rows: self.rows,
            tile: self.tile,
            blocks: self.blocks,
            integers: self.integers.as_mut_ptr(),
            scales: self.scales.as_mut_ptr(),
            shifts: self.shifts.as_mut_ptr(),
            half_shifts: self.half_shifts.as_mut_ptr(),
            sums: self.sums.as_mut_ptr(),
            half_sums: self.half_sums.as_mut_ptr(),
        }
    }

    /// Number of the block of element `column` of `row`, in memory order.
    fn block_number(&self, row: usize, column: usize) -> usize {
        assert!(row < self.rows && column < self.columns, "element {column} of row {row}");
        (row / self.tile * self.blocks + column / ACTIVATION_BLOCK) * self.tile + row % self.tile
    }

    /// The scale of an element.
    pub(crate) fn scale(&self, row: usize, column: usize) -> f32 {
        self.scales[self.block_number(row, column)]
    }

    /// The integer of an element.
    pub(crate) fn integer(&self, row: usize, column: usize) -> i32 {
        let planes = self.precision.planes();
        let at = self.block_number(row, column) * planes * ACTIVATION_BLOCK + column % ACTIVATION_BLOCK;
        let byte = |at: usize| i32::from(self.integers[at]);
        match self.precision {
            Precision::Eight => byte(at),
            Precision::Sixteen => byte(at) * 256 + byte(at + ACTIVATION_BLOCK),
        }
    }

    /// What element `column` of `row` stands for.
    ///
    /// # Panics
    /// When there is no such element.
    pub fn value(&self, row: usize, column: usize) -> f32 {
        self.integer(row, column) as f32 * self.scale(row, column)
    }
}

/// The buffers of [`QuantizedRows`], for workers to take rows of.
struct QuantizedStart {
    precision: Precision,
    rows: usize,
    tile: usize,
    blocks: usize,
    integers: *mut i8,
    scales: *mut f32,
    shifts: *mut i32,
    half_shifts: *mut i32,
    sums: *mut f32,
    half_sums: *mut f32,
}

// SAFETY: workers reach the buffers through rows only, which are disjoint.
unsafe impl Sync for QuantizedStart {}

impl Kernels {
    /// The most rows that a level holds in a tile.
    const LARGEST_TILE: usize = 12;

    /// Rows of a tile of this level's kernels, for a batch of `rows`.
    pub(crate) fn tile(self, precision: Precision, rows: usize) -> usize {
        match (precision, self.isa()) {
            (_, Isa::Scalar) => 1,
            (Precision::Sixteen, _) => match rows {
                0 | 1 => 1,
                2 => 2,
                _ => WIDE_TILE,
            },
            (_, Isa::Avx512) => Self::LARGEST_TILE,
            (_, Isa::Avx2 | Isa::AvxVnni | Isa::Neon | Isa::NeonI8mm) => 4,
        }
    }

    /// Rounds the rows of `x` into `out`, block by block, to the nearest multiple of the block's largest magnitude ∕ 127
    /// (8 bits) or ∕ 32,512 (16 bits); magnitudes below 1e-30 count as 0. NaN and infinities give unspecified results,
    /// never a panic. The result is for kernels of the same level.
    pub fn quantize_rows(self, x: Rows<'_>, precision: Precision, out: &mut QuantizedRows) {
        out.reshape(x.rows(), x.columns(), precision, self.tile(precision, x.rows()));
        let start = out.start();
        for row in 0..x.rows() {
            // SAFETY: one row at a time, of buffers that `out` lends until the end.
            let mut out = unsafe { QuantizedRows::row(&start, row) };
            dispatch!(self, rows::quantize(x.row(row), &mut out));
        }
    }

    /// The same for rows that `row(index, out)` computes, shared out over `team`.
    pub(crate) fn quantize_rows_on(
        self,
        team: &Team,
        (rows, columns): (usize, usize),
        precision: Precision,
        row: impl Fn(usize, &mut [f32]) + Sync,
        out: &mut QuantizedRows,
    ) {
        out.reshape(rows, columns, precision, self.tile(precision, rows));
        let mut scratch = std::mem::take(&mut out.scratch);
        let needed = team.threads() * columns;
        scratch.resize(scratch.len().max(needed), 0.0);
        let parts = Parts::new(&mut scratch[..needed], columns);
        let start = &out.start();
        let job = |worker: usize, range: Range<usize>| {
            // SAFETY: a worker has one range at a time, and nobody else its part.
            let x = unsafe { parts.part(worker) };
            for index in range {
                row(index, x);
                // SAFETY: every row is in one range, and `out` lends its buffers until the end.
                let mut out = unsafe { QuantizedRows::row(start, index) };
                dispatch!(self, rows::quantize(x, &mut out));
            }
        };
        if rows <= 1 || rows * columns < ELEMENTS_WORTH_SHARING {
            job(0, 0..rows)
        } else {
            team.for_each_range(rows, job)
        }
        out.scratch = scratch;
    }
}
