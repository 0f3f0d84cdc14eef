use half::f16;

use super::math::{exp, gelu_erf, gelu_tanh, silu, tanh};
use crate::{
    ACTIVATION_BLOCK, Gate, Precision, RotaryPairs,
    activations::QuantizedRow,
    arch::{scalar::rows::inverse_scale, simd::Simd},
};

const LANES: usize = 16;

/// Up to 16 elements, the missing ones being `fill`.
///
/// # Safety
/// As [`Simd`]; `len` elements must be readable.
#[inline(always)]
pub(super) unsafe fn load_some<S: Simd>(from: *const f32, len: usize, fill: f32) -> S::F {
    if len >= LANES {
        return S::load(from);
    }
    let mut lanes = [fill; LANES];
    std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), len);
    S::load(lanes.as_ptr())
}

/// # Safety
/// As [`Simd`]; up to 16 of `len` elements must be writable.
#[inline(always)]
pub(super) unsafe fn store_some<S: Simd>(to: *mut f32, len: usize, x: S::F) {
    if len >= LANES {
        return S::store(to, x);
    }
    let mut lanes = [0.0; LANES];
    S::store(lanes.as_mut_ptr(), x);
    std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, len);
}

/// The sum of `f(x)` and 0 for missing elements, if f(0) is 0.
macro_rules! sum_of {
    ($S:ty, $x:expr, |$v:ident| $f:expr) => {{
        let x: &[f32] = $x;
        // Two chains hide half of the addition's latency; rows are short.
        let mut sums = [<$S>::splat(0.0); 2];
        for (chunk, at) in (0..x.len()).step_by(LANES).enumerate() {
            let $v = load_some::<$S>(x.as_ptr().add(at), x.len() - at, 0.0);
            sums[chunk % 2] = <$S>::add(sums[chunk % 2], $f);
        }
        <$S>::sum(<$S>::add(sums[0], sums[1]))
    }};
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn rms_norm<S: Simd>(x: &[f32], weight: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = sum_of!(S, x, |v| S::mul(v, v)) / x.len() as f32;
    let scale = S::splat(1.0 / (mean + epsilon).sqrt());
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let v = S::mul(load_some::<S>(x.as_ptr().add(at), left, 0.0), scale);
        let w = load_some::<S>(weight.as_ptr().add(at), left, 0.0);
        store_some::<S>(out.as_mut_ptr().add(at), left, S::mul(v, w));
    }
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn layer_norm<S: Simd>(x: &[f32], weight: &[f32], bias: &[f32], epsilon: f32, out: &mut [f32]) {
    let mean = sum_of!(S, x, |v| v) / x.len() as f32;
    let centre = S::splat(mean);
    // Missing elements count as 0 − mean, which is taken off again.
    let missing = (x.len().next_multiple_of(LANES) - x.len()) as f32;
    let squares = sum_of!(S, x, |v| S::mul(S::sub(v, centre), S::sub(v, centre))) - missing * mean * mean;
    let scale = S::splat(1.0 / (squares / x.len() as f32 + epsilon).sqrt());
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let v = S::mul(S::sub(load_some::<S>(x.as_ptr().add(at), left, 0.0), centre), scale);
        let w = load_some::<S>(weight.as_ptr().add(at), left, 0.0);
        let b = load_some::<S>(bias.as_ptr().add(at), left, 0.0);
        store_some::<S>(out.as_mut_ptr().add(at), left, S::fma(v, w, b));
    }
}

/// # Safety
/// As [`Simd`]; the head must hold twice the tables.
#[inline(always)]
pub(crate) unsafe fn rotary<S: Simd>(head: &mut [f32], cos: &[f32], sin: &[f32], pairs: RotaryPairs) {
    if pairs == RotaryPairs::Interleaved {
        return crate::arch::scalar::rows::rotary(head, cos, sin, pairs);
    }
    let half = cos.len();
    let (first, second) = (head.as_mut_ptr(), head.as_mut_ptr().add(half));
    for at in (0..half).step_by(LANES) {
        let left = half - at;
        let (a, b) = (load_some::<S>(first.add(at), left, 0.0), load_some::<S>(second.add(at), left, 0.0));
        let c = load_some::<S>(cos.as_ptr().add(at), left, 0.0);
        let s = load_some::<S>(sin.as_ptr().add(at), left, 0.0);
        store_some::<S>(first.add(at), left, S::sub(S::mul(a, c), S::mul(b, s)));
        store_some::<S>(second.add(at), left, S::fma(b, c, S::mul(a, s)));
    }
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn gate<S: Simd>(gate: Gate, x: &[f32], up: &[f32], out: &mut [f32]) {
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let v = load_some::<S>(x.as_ptr().add(at), left, 0.0);
        let u = load_some::<S>(up.as_ptr().add(at), left, 0.0);
        let g = match gate {
            Gate::Silu => silu::<S>(v),
            Gate::GeluErf => gelu_erf::<S>(v),
            Gate::GeluTanh => gelu_tanh::<S>(v),
        };
        store_some::<S>(out.as_mut_ptr().add(at), left, S::mul(g, u));
    }
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn softmax<S: Simd>(x: &mut [f32]) {
    let largest = S::splat(max::<S>(x));
    let mut sum = S::splat(0.0);
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let v = load_some::<S>(x.as_ptr().add(at), left, f32::NEG_INFINITY);
        let e = exp::<S>(S::sub(v, largest));
        sum = S::add(sum, e);
        store_some::<S>(x.as_mut_ptr().add(at), left, e);
    }
    scale::<S>(x, 1.0 / S::sum(sum));
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn add<S: Simd>(x: &mut [f32], y: &[f32]) {
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let sum = S::add(load_some::<S>(x.as_ptr().add(at), left, 0.0), load_some::<S>(y.as_ptr().add(at), left, 0.0));
        store_some::<S>(x.as_mut_ptr().add(at), left, sum);
    }
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn scale<S: Simd>(x: &mut [f32], scale: f32) {
    let scale = S::splat(scale);
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let product = S::mul(load_some::<S>(x.as_ptr().add(at), left, 0.0), scale);
        store_some::<S>(x.as_mut_ptr().add(at), left, product);
    }
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn soft_cap<S: Simd>(x: &mut [f32], factor: f32, cap: f32) {
    let (factor, cap) = (S::splat(factor), S::splat(cap));
    for at in (0..x.len()).step_by(LANES) {
        let left = x.len() - at;
        let v = S::mul(load_some::<S>(x.as_ptr().add(at), left, 0.0), factor);
        store_some::<S>(x.as_mut_ptr().add(at), left, S::mul(tanh::<S>(v), cap));
    }
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn to_f16<S: Simd>(x: &[f32], out: &mut [f16]) {
    let whole = x.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        S::store_f16(out.as_mut_ptr().add(at).cast(), S::load(x.as_ptr().add(at)));
    }
    crate::arch::scalar::rows::to_f16(&x[whole..], &mut out[whole..]);
}

/// # Safety
/// As [`Simd`]; the lengths must agree.
#[inline(always)]
pub(crate) unsafe fn to_f32<S: Simd>(x: &[f16], out: &mut [f32]) {
    let whole = x.len() / LANES * LANES;
    for at in (0..whole).step_by(LANES) {
        S::store(out.as_mut_ptr().add(at), S::load_f16(x.as_ptr().add(at).cast()));
    }
    crate::arch::scalar::rows::to_f32(&x[whole..], &mut out[whole..]);
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn max<S: Simd>(x: &[f32]) -> f32 {
    // A comparison with NaN fails and keeps the second operand. Four chains hide the latency.
    let mut largest = [S::splat(f32::NEG_INFINITY); 4];
    let whole = x.len() / (4 * LANES) * (4 * LANES);
    for at in (0..whole).step_by(4 * LANES) {
        for (chain, largest) in largest.iter_mut().enumerate() {
            *largest = S::max(S::load(x.as_ptr().add(at + chain * LANES)), *largest);
        }
    }
    for at in (whole..x.len()).step_by(LANES) {
        let v = load_some::<S>(x.as_ptr().add(at), x.len() - at, f32::NEG_INFINITY);
        largest[0] = S::max(v, largest[0]);
    }
    S::largest(S::max(S::max(largest[0], largest[1]), S::max(largest[2], largest[3])))
}

/// # Safety
/// As [`Simd`]; `out` must have room for the blocks of `x`.
#[inline(always)]
pub(crate) unsafe fn quantize<S: Simd>(x: &[f32], out: &mut QuantizedRow<'_>) {
    const HALF: usize = ACTIVATION_BLOCK / 2;
    let limit = out.precision.limit();
    for (block, at) in (0..x.len()).step_by(ACTIVATION_BLOCK).enumerate() {
        let left = x.len() - at;
        let from = x.as_ptr().add(at);
        let (a, b) = (
            load_some::<S>(from, left, 0.0),
            if left > HALF { load_some::<S>(from.add(HALF), left - HALF, 0.0) } else { S::splat(0.0) },
        );
        let largest = S::largest(S::max(S::abs(a), S::abs(b)));
        let inverse = S::splat(inverse_scale(largest, limit));
        let (a, b) = (S::to_int(S::mul(a, inverse)), S::to_int(S::mul(b, inverse)));
        let precision = out.precision;
        let bytes = out.block(block, largest / limit, [S::sum_int(a), S::sum_int(b)]).as_mut_ptr();
        for (half, integers) in [a, b].into_iter().enumerate() {
            let to = bytes.add(half * HALF);
            match precision {
                Precision::Eight => S::store_bytes(to, integers),
                Precision::Sixteen => {
                    let (high, low) = S::split_bytes(integers);
                    S::store_bytes(to, high);
                    S::store_bytes(to.add(ACTIVATION_BLOCK), low);
                }
            }
        }
    }
}
