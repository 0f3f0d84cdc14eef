use half::f16;

use crate::{ACTIVATION_BLOCK, Gate, RotaryPairs, activations::QuantizedRow};

pub(crate) fn rms_norm(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
    let scale = 1.0 / (mean + epsilon).sqrt();
    for ((out, x), weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * scale * weight;
    }
}

pub(crate) fn layer_norm(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = x.iter().sum::<f32>() / x.len() as f32;
    let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / x.len() as f32;
    let scale = 1.0 / (variance + epsilon).sqrt();
    for (((out, x), weight), bias) in out.iter_mut().zip(x).zip(weight).zip(bias) {
        *out = (x - mean) * scale * weight + bias;
    }
}

pub(crate) fn rotary(head: &mut [f32], cos: &[f32], sin: &[f32], pairs: RotaryPairs) {
    let half = cos.len();
    for (i, (cos, sin)) in cos.iter().zip(sin).enumerate() {
        let (first, second) = match pairs {
            RotaryPairs::Halves => (i, i + half),
            RotaryPairs::Interleaved => (2 * i, 2 * i + 1),
        };
        let (a, b) = (head[first], head[second]);
        head[first] = a * cos - b * sin;
        head[second] = b * cos + a * sin;
    }
}

/// √(2∕π)
pub(crate) const GELU_SCALE: f32 = 0.797_884_6;
pub(crate) const GELU_CUBE: f32 = 0.044_715;

fn erf(x: f32) -> f32 {
    // Abramowitz and Stegun 7.1.26 in double precision; absolute error 1.5e-7.
    let (sign, x) = (f64::from(x).signum(), f64::from(x.abs()));
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let coefficients = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let polynomial = coefficients.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t);
    (sign * (1.0 - polynomial * (-x * x).exp())) as f32
}

fn apply(gate: Gate, x: f32) -> f32 {
    match gate {
        Gate::Silu => x / (1.0 + (-x).exp()),
        Gate::GeluErf => 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2)),
        Gate::GeluTanh => 0.5 * x * (1.0 + (GELU_SCALE * (x + GELU_CUBE * x * x * x)).tanh()),
    }
}

pub(crate) fn gate(gate: Gate, x: &[f32], up: &[f32], out: &mut [f32]) {
    for ((out, x), up) in out.iter_mut().zip(x).zip(up) {
        *out = apply(gate, *x) * up;
    }
}

pub(crate) fn softmax(x: &mut [f32]) {
    let max = max(x);
    x.iter_mut().for_each(|x| *x = (*x - max).exp());
    let scale = 1.0 / x.iter().sum::<f32>();
    x.iter_mut().for_each(|x| *x *= scale);
}

pub(crate) fn add(x: &mut [f32], y: &[f32]) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
}

pub(crate) fn scale(x: &mut [f32], scale: f32) {
    x.iter_mut().for_each(|x| *x *= scale);
}

pub(crate) fn soft_cap(x: &mut [f32], factor: f32, cap: f32) {
    x.iter_mut().for_each(|x| *x = cap * (*x * factor).tanh());
}

pub(crate) fn to_f16(x: &[f32], out: &mut [f16]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out = f16::from_f32(*x));
}

pub(crate) fn to_f32(x: &[f16], out: &mut [f32]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out = x.to_f32());
}

/// The largest element; −∞ when there is no number.
pub(crate) fn max(x: &[f32]) -> f32 {
    x.iter().fold(f32::NEG_INFINITY, |max, &x| max.max(x))
}

pub(crate) fn quantize(x: &[f32], out: &mut QuantizedRow<'_>) {
    const HALF: usize = ACTIVATION_BLOCK / 2;
    let limit = out.precision.limit();
    for (block, x) in x.chunks(ACTIVATION_BLOCK).enumerate() {
        let largest = x.iter().fold(0.0f32, |max, x| max.max(x.abs()));
        let inverse = inverse_scale(largest, limit);
        let mut integers = [0i32; ACTIVATION_BLOCK];
        integers.iter_mut().zip(x).for_each(|(integer, x)| *integer = (x * inverse).round_ties_even() as i32);
        let sum = |half: &[i32]| half.iter().fold(0i32, |sum, &integer| sum.wrapping_add(integer));
        let bytes = out.block(block, largest / limit, [sum(&integers[..HALF]), sum(&integers[HALF..])]);
        let (high, low) = bytes.split_at_mut(ACTIVATION_BLOCK);
        if low.is_empty() {
            high.iter_mut().zip(integers).for_each(|(high, integer)| *high = integer as i8);
            continue;
        }
        for ((high, low), integer) in high.iter_mut().zip(low).zip(integers) {
            let rounded = integer.wrapping_add(128) >> 8;
            *high = rounded as i8;
            *low = integer.wrapping_sub(rounded << 8) as i8;
        }
    }
}

/// What activations of a block are multiplied by: 0 where the quotient would overflow.
pub(crate) fn inverse_scale(largest: f32, limit: f32) -> f32 {
    if largest > 1e-30 { limit / largest } else { 0.0 }
}
