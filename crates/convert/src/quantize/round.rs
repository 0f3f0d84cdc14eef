//! Weights rounded to symmetric integer codes.

use half::f16;

/// Codes in −127..=127 at the scale that maps the largest weight to the end of the range.
pub(super) fn int8(weights: &[f32], codes: &mut [i8]) -> f16 {
    let scale = f16::from_f32(peak(weights).abs() / 127.0);
    codes_at(weights, scale, 127.0, codes);
    scale
}

/// Codes in −8..=7 at the scale with the smallest squared error among a fan of candidates.
///
/// The weight of largest magnitude is aimed at −8, the end with the larger range, so scales may be negative. Aiming it a
/// little inside or outside the range trades its own error against that of all others.
pub(super) fn int4(weights: &[f32], codes: &mut [i8]) -> f16 {
    let peak = peak(weights);
    if peak == 0.0 {
        codes.fill(0);
        return f16::ZERO;
    }
    let mut best = (f32::NEG_INFINITY, 0.0);
    for step in 0..=12 {
        let inverse = (-7.0 - 0.2 * step as f32) / peak;
        let (mut products, mut squares) = (0.0, 0.0);
        for &weight in weights {
            let code = nearest(weight * inverse).clamp(-8.0, 7.0);
            products += weight * code;
            squares += code * code;
        }
        // For fixed codes the best scale is products/squares, and it explains products²/squares of the weights' energy.
        let explained = products * products / squares;
        if explained > best.0 {
            best = (explained, products / squares);
        }
    }
    let scale = f16::from_f32(best.1);
    codes_at(weights, scale, 7.0, codes);
    scale
}

/// The weight of largest magnitude.
fn peak(weights: &[f32]) -> f32 {
    weights.iter().copied().fold(0.0, |peak, weight| if weight.abs() > f32::abs(peak) { weight } else { peak })
}

/// Nearest codes for a scale, at most `limit`, and at least −127 or −8.
fn codes_at(weights: &[f32], scale: f16, limit: f32, codes: &mut [i8]) {
    // A scale that f16 rounds to zero leaves nothing to encode.
    let inverse = if scale.to_f32() == 0.0 { 0.0 } else { 1.0 / scale.to_f32() };
    let low = if limit == 7.0 { -8.0 } else { -limit };
    for (code, &weight) in codes.iter_mut().zip(weights) {
        *code = nearest(weight * inverse).clamp(low, limit) as i8;
    }
}

/// Rounds to the nearest integer, ties to even, for magnitudes far below 2²². Adding and subtracting 1.5·2²³ does in two
/// vector instructions what `round_ties_even` calls a function for on older instruction sets.
fn nearest(value: f32) -> f32 {
    const MAGIC: f32 = 12_582_912.0;
    (value + MAGIC) - MAGIC
}
