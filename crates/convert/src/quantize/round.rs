//! Weights rounded to symmetric integer codes.

use half::f16;

/// Candidates on each side of the scale that puts the largest weight on the end of the range.
const FAN: std::ops::RangeInclusive<i8> = -8..=12;

/// Codes in −127..=127 at the scale that maps the largest weight to the end of the range.
pub(super) fn int8(weights: &[f32], codes: &mut [i8]) -> f16 {
    let scale = f16::from_f32(peak(weights).abs() / 127.0);
    for (code, &weight) in codes.iter_mut().zip(weights) {
        *code = nearest(weight * inverse(scale)).clamp(-127.0, 127.0) as i8;
    }
    scale
}

/// Codes in −7..=7 at the scale that maps the largest weight to the end of the range.
pub(super) fn int4_plain(weights: &[f32], codes: &mut [i8]) -> f16 {
    let scale = f16::from_f32(peak(weights).abs() / 7.0);
    for (code, &weight) in codes.iter_mut().zip(weights) {
        *code = nearest_int4(weight * inverse(scale));
    }
    scale
}

/// Codes in −8..=7 at the scale with the smallest squared error among a fan of candidates; the square of each error counts
/// `importance` times.
///
/// The weight of largest magnitude is aimed at −8, the end with the larger range, or at 7, so scales may be negative.
/// Aiming it a little inside or outside the range trades its own error against that of all others.
pub(super) fn int4(weights: &[f32], importance: &[f32], codes: &mut [i8]) -> f16 {
    let peak = peak(weights);
    if peak == 0.0 {
        codes.fill(0);
        return f16::ZERO;
    }
    let mut best = (f32::NEG_INFINITY, 0.0);
    for end in [-8.0, 7.0f32] {
        for step in FAN {
            let inverse = (end + end.signum() * 0.15 * f32::from(step)) / peak;
            let (mut products, mut squares) = (0.0, 0.0);
            for (&weight, &importance) in weights.iter().zip(importance) {
                let code = nearest(weight * inverse).clamp(-8.0, 7.0);
                products += importance * weight * code;
                squares += importance * code * code;
            }
            // For fixed codes the best scale is products/squares, and it explains products²/squares of the energy.
            let explained = products * products / squares;
            if explained > best.0 {
                best = (explained, products / squares);
            }
        }
    }
    let scale = f16::from_f32(best.1);
    for (code, &weight) in codes.iter_mut().zip(weights) {
        *code = nearest_int4(weight * inverse(scale));
    }
    scale
}

/// The code of −8..=7 nearest to a value.
pub(super) fn nearest_int4(value: f32) -> i8 {
    nearest(value.clamp(-8.0, 7.0)) as i8
}

/// The weight of largest magnitude.
fn peak(weights: &[f32]) -> f32 {
    weights.iter().copied().fold(0.0, |peak, weight| if weight.abs() > f32::abs(peak) { weight } else { peak })
}

/// 1/scale; a scale that f16 rounds to zero leaves nothing to encode.
fn inverse(scale: f16) -> f32 {
    if scale == f16::ZERO { 0.0 } else { 1.0 / scale.to_f32() }
}

/// Rounds to the nearest integer, ties to even, for magnitudes far below 2²². Adding and subtracting 1.5·2²³ does in two
/// vector instructions what `round_ties_even` calls a function for on older instruction sets.
fn nearest(value: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    (value + MAGIC) - MAGIC
}
