//! Linear layers: out = x · wᵀ with packed weights.

use std::ops::Range;

mod layout;
mod pack;
mod packed;
mod source;
mod storage;
mod weight;

pub use layout::{PACKED_VERSION, PackedLayout};
pub use pack::Packer;
pub use packed::{ActivationKind, PANEL, PackedLinear};
pub(crate) use packed::{
    CodeBits, Encoding, FloatKind, Grouping, OffsetKind, PaletteKind, block_bytes, code_position, float_inputs,
};
pub use source::{BlockWeights, Codes, Floats, PaletteWeights, WeightSource};

use crate::{Kernels, QuantizedRows, Rows, RowsMut, kernels::dispatch};

/// The input of a linear layer.
#[derive(Debug, Clone, Copy)]
pub enum Activations<'a> {
    /// f32 rows: the exact path, and the only one of float weights.
    Float(Rows<'a>),
    /// Rounded rows: the fast path of integer weights.
    Quantized(&'a QuantizedRows),
}

impl Activations<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Float(rows) => rows.rows(),
            Self::Quantized(rows) => rows.rows(),
        }
    }

    /// Elements of a row.
    pub fn columns(&self) -> usize {
        match self {
            Self::Float(rows) => rows.columns(),
            Self::Quantized(rows) => rows.columns(),
        }
    }
}

/// What happens to the result of a linear layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epilogue {
    /// It replaces what `out` holds.
    Set,
    /// It is added to what `out` holds: a residual connection.
    Add,
}

impl Epilogue {
    pub(crate) fn store(self, out: &mut f32, value: f32) {
        match self {
            Self::Set => *out = value,
            Self::Add => *out += value,
        }
    }
}

impl Kernels {
    /// Output features `features` of x · wᵀ: `out` is [x.rows(), features.len()].
    ///
    /// Each output is summed in an order that depends on nothing but the weights, so that it is bit for bit the same for
    /// every split over workers and for every batch of 1 to [`crate::FEW_ROWS`] rows (of the same precision).
    ///
    /// # Panics
    /// When the shapes disagree, when `features` does not start at a multiple of [`PANEL`], or when rounded activations
    /// meet float weights.
    pub fn linear(
        self,
        weights: &PackedLinear,
        x: Activations<'_>,
        features: Range<usize>,
        mut out: RowsMut<'_>,
        epilogue: Epilogue,
    ) {
        assert_eq!(x.columns(), weights.columns(), "input features");
        assert!(features.start.is_multiple_of(PANEL) && features.end <= weights.rows(), "output features {features:?}");
        assert_eq!((out.rows(), out.columns()), (x.rows(), features.len()), "shape of the output");
        if features.is_empty() || x.rows() == 0 {
            return;
        }
        match x {
            Activations::Float(x) => dispatch!(self, float::linear(weights, x, features, &mut out, epilogue)),
            Activations::Quantized(x) => {
                assert_eq!(
                    weights.activation_kind(),
                    ActivationKind::Quantized,
                    "float weights take float activations"
                );
                assert_eq!(x.tile, self.tile(x.precision, x.rows()), "activations rounded by another level");
                dispatch!(self, integer::linear(weights, x, features, &mut out, epilogue));
            }
        }
    }

    /// Weights of output feature `row` in f32, as the exact path uses them: also the embedding lookup of tied weights.
    /// `out` has an element per input feature.
    ///
    /// # Panics
    /// When there is no such row or `out` has another length.
    pub fn dequantize_row(self, weights: &PackedLinear, row: usize, out: &mut [f32]) {
        assert!(row < weights.rows(), "row {row} of {}", weights.rows());
        assert_eq!(out.len(), weights.columns(), "input features");
        dispatch!(self, float::row(weights, row, out));
    }
}
