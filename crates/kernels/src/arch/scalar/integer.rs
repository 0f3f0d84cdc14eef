use std::ops::Range;

use crate::{ACTIVATION_BLOCK, Epilogue, PackedLinear, QuantizedRows, RowsMut};

pub(crate) fn linear(
    weights: &PackedLinear,
    x: &QuantizedRows,
    features: Range<usize>,
    out: &mut RowsMut<'_>,
    epilogue: Epilogue,
) {
    const HALF: usize = ACTIVATION_BLOCK / 2;
    let columns = weights.columns();
    let (mut codes, mut integers) = (vec![0; columns], vec![0; columns]);
    for m in 0..x.rows {
        integers.iter_mut().enumerate().for_each(|(k, integer)| *integer = x.integer(m, k));
        for (at, feature) in features.clone().enumerate() {
            codes.iter_mut().enumerate().for_each(|(k, code)| *code = weights.code(feature, k));
            let mut sum = 0.0;
            for (half, (codes, integers)) in codes.chunks(HALF).zip(integers.chunks(HALF)).enumerate() {
                let (scale, offset) = weights.scale_offset(feature, half * HALF);
                let dot: i32 = codes.iter().zip(integers).map(|(code, x)| code * x).sum();
                let total: i32 = integers.iter().sum();
                sum += scale * x.scale(m, half * HALF) * (dot as f32 - offset * total as f32);
            }
            epilogue.store(&mut out.row(m)[at], sum);
        }
    }
}
