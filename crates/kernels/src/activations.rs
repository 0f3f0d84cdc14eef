//! Activations rounded to integers per block of 32, as the integer kernels take them.

use crate::{Kernels, Rows, Team, team::Parts};

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
}

/// Rows of activations as integers: x ≈ scale · (256·high + low) at 16 bits, scale · high at 8, with a scale per block of
/// [`ACTIVATION_BLOCK`] elements. Reuse one value for many calls: it allocates only when it must grow.
#[derive(Debug, Clone)]
pub struct QuantizedRows {
    pub(crate) precision: Precision,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Blocks in a row; the last one is padded with zeros.
    pub(crate) blocks: usize,
    /// \[rows, blocks · 32\]
    pub(crate) high: Vec<i8>,
    /// \[rows, blocks · 32\], used at 16 bits only.
    pub(crate) low: Vec<i8>,
    /// \[rows, blocks\]
    pub(crate) scales: Vec<f32>,
    /// Sums of the integers of each half block: \[rows, blocks, 2\].
    pub(crate) sums: Vec<i32>,
}

impl Default for QuantizedRows {
    fn default() -> Self {
        Self {
            precision: Precision::Eight,
            rows: 0,
            columns: 0,
            blocks: 0,
            high: Vec::new(),
            low: Vec::new(),
            scales: Vec::new(),
            sums: Vec::new(),
        }
    }
}

/// One row of [`QuantizedRows`] being written.
pub(crate) struct QuantizedRow<'a> {
    pub precision: Precision,
    pub high: &'a mut [i8],
    pub low: &'a mut [i8],
    pub scales: &'a mut [f32],
    pub sums: &'a mut [i32],
}

impl QuantizedRows {
    /// Room for `rows` rows of `columns` elements at either precision, so that later calls of that size do not allocate.
    pub fn with_capacity(rows: usize, columns: usize) -> Self {
        let mut quantized = Self::default();
        quantized.reshape(rows, columns, Precision::Sixteen);
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
    pub(crate) fn reshape(&mut self, rows: usize, columns: usize, precision: Precision) {
        let blocks = columns.div_ceil(ACTIVATION_BLOCK);
        let grow = |len: usize, need: usize| len.max(need);
        let elements = rows * blocks * ACTIVATION_BLOCK;
        self.high.resize(grow(self.high.len(), elements), 0);
        if precision == Precision::Sixteen {
            self.low.resize(grow(self.low.len(), elements), 0);
        }
        self.scales.resize(grow(self.scales.len(), rows * blocks), 0.0);
        self.sums.resize(grow(self.sums.len(), rows * blocks * 2), 0);
        (self.rows, self.columns, self.blocks, self.precision) = (rows, columns, blocks, precision);
    }

    /// Calls `job` for every row of the current sizes, shared out over `team` if there is one.
    pub(crate) fn for_each_row(&mut self, team: Option<&Team>, job: impl Fn(usize, &mut QuantizedRow<'_>) + Sync) {
        let (rows, blocks, precision) = (self.rows, self.blocks, self.precision);
        let padded = blocks * ACTIVATION_BLOCK;
        let low = if precision == Precision::Sixteen { padded } else { 0 };
        let high = Parts::new(&mut self.high, padded);
        let low = Parts::new(&mut self.low, low);
        let scales = Parts::new(&mut self.scales, blocks);
        let sums = Parts::new(&mut self.sums, blocks * 2);
        let write = |row: usize| {
            // SAFETY: no two workers have a row in common.
            let mut out = unsafe {
                QuantizedRow {
                    precision,
                    high: high.part(row),
                    low: low.part(row),
                    scales: scales.part(row),
                    sums: sums.part(row),
                }
            };
            job(row, &mut out);
        };
        match team {
            Some(team) => team.run(|worker| worker.share(rows, 1).for_each(write)),
            None => (0..rows).for_each(write),
        }
    }

    /// What element `column` of `row` stands for.
    ///
    /// # Panics
    /// When there is no such element.
    pub fn value(&self, row: usize, column: usize) -> f32 {
        assert!(row < self.rows && column < self.columns);
        let at = row * self.blocks * ACTIVATION_BLOCK + column;
        self.integer(at) as f32 * self.scales[row * self.blocks + column / ACTIVATION_BLOCK]
    }

    /// The integer at a flat position.
    pub(crate) fn integer(&self, at: usize) -> i32 {
        match self.precision {
            Precision::Eight => i32::from(self.high[at]),
            Precision::Sixteen => i32::from(self.high[at]) * 256 + i32::from(self.low[at]),
        }
    }
}

impl Kernels {
    /// Rounds the rows of `x` into `out`, block by block, to the nearest multiple of the block's largest magnitude ∕ 127
    /// (8 bits) or ∕ 32,512 (16 bits). NaN and infinities give unspecified finite or NaN results, never a panic.
    pub fn quantize_rows(self, x: Rows<'_>, precision: Precision, out: &mut QuantizedRows) {
        out.reshape(x.rows(), x.columns(), precision);
        out.for_each_row(None, |row, out| self.quantize_row(x.row(row), out));
    }
}
