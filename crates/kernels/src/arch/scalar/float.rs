use std::ops::Range;

use crate::{Epilogue, PackedLinear, Rows, RowsMut};

pub(crate) fn row(weights: &PackedLinear, row: usize, out: &mut [f32]) {
    weights.row(row, out);
}

pub(crate) fn linear(
    weights: &PackedLinear,
    x: Rows<'_>,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    let mut row = vec![0.0; weights.columns()];
    for (at, feature) in features.enumerate() {
        weights.row(feature, &mut row);
        for m in 0..x.rows() {
            let sum = row.iter().zip(x.row(m)).map(|(w, x)| w * x).sum();
            epilogue.store(&mut out.row(m)[at], sum);
        }
    }
}
