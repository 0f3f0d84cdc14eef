//! Products of matrices in f32.

use sottovoce_kernels::{Activations, Floats, PackedLinear, Rows, RowsMut, Segment, WeightSource};

use super::Executor;
use crate::{cpu::plan::WeightId, error::RuntimeError};

/// Columns that are turned at a time: a cache line of each row.
const TILE: usize = 16;

impl Executor {
    /// x · mᵀ for a matrix m as [`Executor::pack`] gives it.
    pub(super) fn product(&self, x: Rows<'_>, matrix: &PackedLinear) -> Vec<f32> {
        let mut out = vec![0.0; x.rows() * matrix.rows()];
        let segment = |_| Segment { weights: matrix, bias: None, x: Activations::Float(x), column: 0 };
        self.compute.linear(1, segment, None, &mut RowsMut::dense(&mut out, matrix.rows()));
        out
    }

    /// A matrix with rows of `columns`, for products with its rows.
    pub(super) fn pack(&self, data: &[f32], columns: usize) -> Result<PackedLinear, RuntimeError> {
        let source = WeightSource::Float { rows: data.len() / columns, columns, data: Floats::F32(data) };
        let packed = PackedLinear::pack(&source, self.compute.team());
        packed.map_err(|error| RuntimeError::Kernels(error.to_string()))
    }

    /// The transpose of a matrix with rows of `columns`.
    pub(super) fn turned(&self, data: &[f32], columns: usize) -> Vec<f32> {
        let rows = data.len() / columns;
        let mut turned = vec![0.0; data.len()];
        self.compute.team().for_each_chunk(&mut turned, TILE * rows, |tile, out| {
            for (row, values) in data.chunks_exact(columns).enumerate() {
                let values = &values[tile * TILE..][..out.len() / rows];
                values.iter().enumerate().for_each(|(column, value)| out[column * rows + row] = *value);
            }
        });
        turned
    }

    /// The transpose of a weight of the model, for products with its columns.
    pub(super) fn turned_weight(&self, id: WeightId) -> Result<PackedLinear, RuntimeError> {
        let weight = self.matrix(id);
        let (rows, columns) = (weight.rows(), weight.columns());
        let mut dense = vec![0.0; rows * columns];
        let row = |row: usize, out: &mut [f32]| self.kernels().dequantize_row(weight, row, out);
        self.compute.for_each_row(RowsMut::dense(&mut dense, columns), row);
        let turned = self.turned(&dense, columns);
        // A head is large.
        drop(dense);
        self.pack(&turned, rows)
    }
}
