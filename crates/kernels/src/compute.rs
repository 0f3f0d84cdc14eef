//! Kernels and a thread team together: each method does the whole of an operation, shared out over the team.

use std::ops::Range;

use half::f16;

use crate::{
    Activations, Epilogue, Gate, Kernels, PANEL, PackedLinear, Precision, QuantizedRows, Rows, RowsMut, Team,
    team::{PARTS, Parts},
};

/// Kernels of one instruction set with the team that runs them.
pub struct Compute {
    kernels: Kernels,
    team: Team,
}

/// One of the linear layers that are computed side by side.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    /// Weights \[features, inputs\].
    pub weights: &'a PackedLinear,
    /// Added to each row, \[features\].
    pub bias: Option<&'a [f32]>,
    /// The rows that are multiplied.
    pub x: Activations<'a>,
    /// Column of the output where its features begin.
    pub column: usize,
}

/// Multiplications below which sharing linear layers out costs more than it gains (about a microsecond of one core).
const WORTH_SHARING: usize = 100_000;

/// Floats of both halves of a gated unit that a worker computes before it joins them: they stay in a core's second cache.
const GATED_FLOATS: usize = 64 << 10;

/// Elements of rows below which sharing them out is not worth it: they are normalised, turned, converted or copied.
pub(crate) const ELEMENTS_WORTH_SHARING: usize = 4_000;

impl Compute {
    /// `kernels` on a team of `threads`.
    pub fn new(kernels: Kernels, threads: usize) -> Self {
        Self { kernels, team: Team::new(threads) }
    }

    /// The kernels, for work on one thread.
    pub fn kernels(&self) -> Kernels {
        self.kernels
    }

    /// The team.
    pub fn team(&self) -> &Team {
        &self.team
    }

    /// Linear layers side by side, as one job of the team: columns `column..` of `out` become x · wᵀ + bias + the same
    /// columns of `residual`, for each of `count` segments that `segment` gives by number.
    ///
    /// # Panics
    /// As [`Kernels::linear`], and when a segment, its bias or the residual does not fit `out`.
    pub fn linear<'a>(
        &self,
        count: usize,
        segment: impl Fn(usize) -> Segment<'a> + Sync,
        residual: Option<Rows<'_>>,
        out: &mut RowsMut<'_>,
    ) {
        let (mut panels, mut work) = (0, 0);
        for Segment { weights, .. } in (0..count).map(&segment) {
            panels += weights.rows().div_ceil(PANEL);
            work += out.rows() * weights.rows() * weights.columns();
        }
        let out = &*out;
        // Panels are counted through all segments.
        let job = |_, panels: Range<usize>| {
            let mut first = 0;
            for segment in (0..count).map(&segment) {
                let end = first + segment.weights.rows().div_ceil(PANEL);
                let (from, to) = (panels.start.max(first), panels.end.min(end));
                if from < to {
                    let features = (from - first) * PANEL..((to - first) * PANEL).min(segment.weights.rows());
                    let columns = segment.column + features.start..segment.column + features.end;
                    // SAFETY: every panel is in one range, and `out` is borrowed until all are done.
                    let out = unsafe { out.share(0..out.rows(), columns) };
                    self.segment(segment, features, residual, out);
                }
                first = end;
            }
        };
        if work < WORTH_SHARING { job(0, 0..panels) } else { self.team.for_each_range(panels, job) }
    }

    /// A gated unit: `out` becomes gate(first) · second of two linear layers, part by part, so that what they give need not
    /// go through memory. `halves` is scratch that grows as needed.
    ///
    /// # Panics
    /// As [`Kernels::linear`], and when the layers or `out` differ in size.
    pub fn gated(&self, gate: Gate, [first, second]: [Segment<'_>; 2], halves: &mut Vec<f32>, out: &mut RowsMut<'_>) {
        let (rows, features) = (out.rows(), out.columns());
        assert_eq!((first.weights.rows(), second.weights.rows()), (features, features), "features of both halves");
        let panels = features.div_ceil(PANEL);
        let most = panels.div_ceil(self.team.threads() * PARTS).max(1);
        let width = (GATED_FLOATS / (2 * rows.max(1) * PANEL)).clamp(1, most) * PANEL;
        let units = features.div_ceil(width);
        let needed = self.team.threads() * 2 * rows * width;
        halves.resize(halves.len().max(needed), 0.0);
        let parts = Parts::new(&mut halves[..needed], 2 * rows * width);
        let out = &*out;
        let job = |worker: usize, unit: usize| {
            let features = unit * width..((unit + 1) * width).min(features);
            // SAFETY: a worker has one unit at a time, and nobody else its part.
            let (gates, values) = unsafe { parts.part(worker) }.split_at_mut(rows * width);
            let len = features.len();
            for (segment, half) in [(first, &mut *gates), (second, &mut *values)] {
                self.segment(segment, features.clone(), None, RowsMut::new(half, rows, len, len));
            }
            // SAFETY: every feature is in one unit, and `out` is borrowed until all are done.
            let mut out = unsafe { out.share(0..rows, features) };
            for (row, (gates, values)) in gates.chunks_exact(len).zip(values.chunks_exact(len)).take(rows).enumerate() {
                self.kernels.gate(gate, gates, values, out.row(row));
            }
        };
        if 2 * rows * features * first.weights.columns() < WORTH_SHARING {
            (0..units).for_each(|unit| job(0, unit));
        } else {
            self.team.for_each(units, job);
        }
    }

    /// Some features of a segment, into the columns that are theirs.
    fn segment(&self, segment: Segment<'_>, features: Range<usize>, residual: Option<Rows<'_>>, mut out: RowsMut<'_>) {
        let Segment { weights, bias, x, column } = segment;
        for row in 0..out.rows() {
            let out = out.row(row);
            match (residual, bias) {
                (None, None) => break,
                (None, Some(bias)) => out.copy_from_slice(&bias[features.clone()]),
                (Some(residual), bias) => {
                    out.copy_from_slice(&residual.row(row)[column + features.start..column + features.end]);
                    if let Some(bias) = bias {
                        self.kernels.add(out, &bias[features.clone()]);
                    }
                }
            }
        }
        let epilogue = if residual.is_some() || bias.is_some() { Epilogue::Add } else { Epilogue::Set };
        self.kernels.linear(weights, x, features, out, epilogue);
    }

    /// Calls `job(index, row)` for every row of `out`; what is little work is done on the calling thread.
    pub fn for_each_row(&self, mut out: RowsMut<'_>, job: impl Fn(usize, &mut [f32]) + Sync) {
        let (rows, columns) = (out.rows(), out.columns());
        if rows <= 1 || rows * columns < ELEMENTS_WORTH_SHARING {
            return (0..rows).for_each(|row| job(row, out.row(row)));
        }
        let out = &out;
        self.team.for_each_range(rows, |_, range| {
            for row in range {
                // SAFETY: every row is in one range, and `out` is borrowed until all are done.
                let mut view = unsafe { out.share(row..row + 1, 0..columns) };
                job(row, view.row(0));
            }
        });
    }

    /// Appends rows to a cache in half precision: head h of row r goes to position `begin` + r of head h of `cache`,
    /// \[heads, context, head_dim\].
    ///
    /// # Panics
    /// When the rows are not whole heads or end outside the context.
    pub fn append(&self, x: Rows<'_>, cache: &mut [f16], (context, head_dim): (usize, usize), begin: usize) {
        let heads = x.columns() / head_dim;
        assert_eq!((heads * head_dim, heads * head_dim * context), (x.columns(), cache.len()), "heads of the cache");
        assert!(begin + x.rows() <= context, "positions {begin} to {} of {context}", begin + x.rows());
        let positions = Parts::new(cache, head_dim);
        let job = |_, rows: Range<usize>| {
            for row in rows {
                for (head, x) in x.row(row).chunks_exact(head_dim).enumerate() {
                    // SAFETY: every position of a head belongs to one row, and every row is in one range.
                    self.kernels.to_f16(x, unsafe { positions.part(head * context + begin + row) });
                }
            }
        };
        let small = x.rows() * x.columns() < ELEMENTS_WORTH_SHARING;
        if small { job(0, 0..x.rows()) } else { self.team.for_each_range(x.rows(), job) }
    }

    /// Rounds `rows` rows of `columns` elements, which `row(index, out)` computes, into `out`; see
    /// [`Kernels::quantize_rows`].
    pub fn quantize_rows(
        &self,
        rows: usize,
        columns: usize,
        precision: Precision,
        row: impl Fn(usize, &mut [f32]) + Sync,
        out: &mut QuantizedRows,
    ) {
        self.kernels.quantize_rows_on(&self.team, (rows, columns), precision, row, out);
    }
}
