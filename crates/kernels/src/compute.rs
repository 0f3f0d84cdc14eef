//! Kernels and a thread team together: each method does the whole of an operation, shared out over the team.

use crate::{Activations, Epilogue, Kernels, PackedLinear, Precision, QuantizedRows, Rows, RowsMut, Team};

/// Kernels of one instruction set with the team that runs them.
pub struct Compute {
    kernels: Kernels,
    team: Team,
}

/// Multiplications below which sharing a linear layer out costs more than it gains (about a microsecond of one core).
const WORTH_SHARING: usize = 100_000;

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

    /// [`Kernels::linear`] for all output features.
    ///
    /// # Panics
    /// As [`Kernels::linear`].
    pub fn linear(&self, weights: &PackedLinear, x: Activations<'_>, mut out: RowsMut<'_>, epilogue: Epilogue) {
        let (rows, features) = (x.rows(), weights.rows());
        assert_eq!((out.rows(), out.columns()), (rows, features), "shape of the output");
        if rows * features * weights.columns() < WORTH_SHARING {
            return self.kernels.linear(weights, x, 0..features, out, epilogue);
        }
        let out = &mut out;
        self.team.run(|worker| {
            let features = worker.share(features, weights.split_granularity());
            // SAFETY: the shares of workers are disjoint, and `out` is borrowed until all are done.
            let out = unsafe { out.share(0..rows, features.clone()) };
            self.kernels.linear(weights, x, features, out, epilogue);
        });
    }

    /// Calls `job(index, row)` for every row of `out`; a single row is done on the calling thread.
    pub fn for_each_row(&self, mut out: RowsMut<'_>, job: impl Fn(usize, &mut [f32]) + Sync) {
        let (rows, columns) = (out.rows(), out.columns());
        if rows <= 1 {
            return (0..rows).for_each(|row| job(row, out.row(row)));
        }
        let out = &out;
        self.team.run(|worker| {
            for row in worker.share(rows, 1) {
                // SAFETY: no two workers have a row in common, and `out` is borrowed until all are done.
                let mut view = unsafe { out.share(row..row + 1, 0..columns) };
                job(row, view.row(0));
            }
        });
    }

    /// [`Kernels::quantize_rows`].
    pub fn quantize_rows(&self, x: Rows<'_>, precision: Precision, out: &mut QuantizedRows) {
        let team = (x.rows() > 1).then_some(&self.team);
        self.kernels.quantize_rows_on(team, x, precision, out);
    }
}
