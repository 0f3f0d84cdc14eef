use std::ops::Range;

use crate::{ACTIVATION_BLOCK, Epilogue, PackedLinear, QuantizedRows, Rows, RowsMut};

fn store(out: &mut f32, value: f32, epilogue: Epilogue) {
    match epilogue {
        Epilogue::Set => *out = value,
        Epilogue::Add => *out += value,
    }
}

pub(crate) fn float(
    weights: &PackedLinear,
    x: Rows<'_>,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    let mut row = vec![0.0; weights.columns()];
    for (at, feature) in features.enumerate() {
        row.iter_mut().enumerate().for_each(|(k, w)| *w = weights.weight(feature, k));
        for m in 0..x.rows() {
            let sum = row.iter().zip(x.row(m)).map(|(w, x)| w * x).sum();
            store(&mut out.row(m)[at], sum, epilogue);
        }
    }
}

pub(crate) fn integer(
    weights: &PackedLinear,
    x: &QuantizedRows,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    let mut codes = vec![0; weights.columns()];
    for (at, feature) in features.enumerate() {
        codes.iter_mut().enumerate().for_each(|(k, code)| *code = weights.code(feature, k));
        for m in 0..x.rows {
            let mut sum = 0.0;
            for start in (0..weights.columns()).step_by(ACTIVATION_BLOCK / 2) {
                let (scale, offset) = weights.scale_offset(feature, start);
                let first = m * x.blocks * ACTIVATION_BLOCK + start;
                let (mut dot, mut total) = (0, 0);
                for (k, code) in codes[start..].iter().take(ACTIVATION_BLOCK / 2).enumerate() {
                    let x = x.integer(first + k);
                    dot += code * x;
                    total += x;
                }
                let x_scale = x.scales[m * x.blocks + start / ACTIVATION_BLOCK];
                sum += scale * x_scale * (dot as f32 - offset * total as f32);
            }
            store(&mut out.row(m)[at], sum, epilogue);
        }
    }
}
