//! Functions of vectors.

use crate::arch::{
    scalar::rows::{GELU_CUBE, GELU_SCALE},
    simd::Simd,
};

/// eˣ with a relative error below 2e-7; exactly 0 below −87.3 (and for −∞), infinite above 88.7.
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn exp<S: Simd>(x: S::F) -> S::F {
    const LOWEST: f32 = -87.3;
    // eˣ = 2ⁿ · eʳ with |r| ≤ ln 2 ∕ 2; ln 2 in two parts keeps r exact, and eʳ is its Taylor series to r⁷.
    let clamped = S::min(S::max(S::splat(LOWEST), x), S::splat(88.72));
    // 2ⁿ as a float stops at 2¹²⁷, hence the cut of n, made up for by r ≤ 1.04.
    let n = S::min(S::round(S::mul(clamped, S::splat(std::f32::consts::LOG2_E))), S::splat(127.0));
    let r = S::fma(n, S::splat(-0.693_359_4), clamped);
    let r = S::fma(n, S::splat(2.121_944_4e-4), r);
    let mut p = S::splat(1.0 / 5040.0);
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = S::fma(p, r, S::splat(coefficient));
    }
    S::keep_if_not_less(S::scale_by_power(p, n), x, S::splat(LOWEST))
}

/// 2ˣ for x up to 127 with a relative error below 1e-4, for weights that are rounded to 12 bits; 0 for −∞.
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn power_of_weight<S: Simd>(x: S::F) -> S::F {
    let (whole, fraction) = S::split_power(x);
    // The polynomial of least relative error for 2ʳ from 0 to 1.
    let mut p = S::splat(0.078_024_52);
    for coefficient in [0.226_067_16, 0.695_833_5, 0.999_925_2] {
        p = S::fma(p, fraction, S::splat(coefficient));
    }
    S::scale_by_power(p, whole)
}

/// x ∕ (1 + e⁻ˣ)
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn silu<S: Simd>(x: S::F) -> S::F {
    let exp = exp::<S>(S::sub(S::splat(0.0), x));
    S::div(x, S::add(S::splat(1.0), exp))
}

/// tanh x with an absolute error below 2e-7.
///
/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn tanh<S: Simd>(x: S::F) -> S::F {
    // Of the magnitude, so that the exponential cannot overflow.
    let one = S::splat(1.0);
    let exp = exp::<S>(S::mul(S::abs(x), S::splat(-2.0)));
    S::copy_sign(S::div(S::sub(one, exp), S::add(one, exp)), x)
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn gelu_tanh<S: Simd>(x: S::F) -> S::F {
    let cube = S::mul(S::mul(x, x), x);
    let inner = S::mul(S::fma(cube, S::splat(GELU_CUBE), x), S::splat(GELU_SCALE));
    let half = S::mul(x, S::splat(0.5));
    S::fma(half, tanh::<S>(inner), half)
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(super) unsafe fn gelu_erf<S: Simd>(x: S::F) -> S::F {
    // Abramowitz and Stegun 7.1.26: erf z ≈ 1 − (a₁t + … + a₅t⁵) e^(−z²), t = 1 ∕ (1 + pz), for z ≥ 0.
    let z = S::mul(x, S::splat(std::f32::consts::FRAC_1_SQRT_2));
    let positive = S::abs(z);
    let one = S::splat(1.0);
    let t = S::div(one, S::fma(positive, S::splat(0.327_591_1), one));
    let mut p = S::splat(1.061_405_4);
    for coefficient in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        p = S::fma(p, t, S::splat(coefficient));
    }
    let exp = exp::<S>(S::sub(S::splat(0.0), S::mul(z, z)));
    let erf = S::copy_sign(S::sub(one, S::mul(S::mul(p, t), exp)), z);
    let half = S::mul(x, S::splat(0.5));
    S::fma(half, erf, half)
}
