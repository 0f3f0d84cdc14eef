use std::hint::black_box;

use crate::{arch::simd::Simd, limits::SUM_CHUNK};

/// Runs a function with as many sums as hide the latency of an instruction and fit in the registers.
macro_rules! with_sums {
    ($function:ident::<$simd:ident>($rounds:ident)) => {
        if $simd::TILE > 8 { $function::<$simd, 12>($rounds) } else { $function::<$simd, 5>($rounds) }
    };
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn multiply_bytes<S: Simd>(rounds: usize) -> u64 {
    with_sums!(bytes::<S>(rounds))
}

/// # Safety
/// As [`Simd`].
#[inline(always)]
pub(crate) unsafe fn multiply_floats<S: Simd>(rounds: usize) -> u64 {
    with_sums!(floats::<S>(rounds))
}

#[inline(always)]
unsafe fn bytes<S: Simd, const M: usize>(rounds: usize) -> u64 {
    let ones = S::splat_int(0x0101_0101);
    // Opaque, as sums that are known to be equal would become one.
    let mut sums = black_box([S::splat_int(0); M]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = S::dot_bytes(*sum, S::opaque(ones), ones);
        }
    }
    let mut count = 0;
    for sum in sums {
        count += S::sum_int(sum) as u64;
    }
    count
}

#[inline(always)]
unsafe fn floats<S: Simd, const M: usize>(rounds: usize) -> u64 {
    let one = S::splat(1.0);
    let mut sums = black_box([S::splat(0.0); M]);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = S::fma(one, one, *sum);
        }
    }
    let mut count = 0;
    for sum in sums {
        count += S::sum(sum) as u64;
    }
    count
}

/// # Safety
/// As [`Simd`]; `x` must be whole chunks.
#[inline(always)]
pub(crate) unsafe fn sum<S: Simd>(x: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [S::splat(0.0); SUM_CHUNK / LANES];
    for chunk in x.chunks_exact(SUM_CHUNK) {
        for (part, sum) in sums.iter_mut().enumerate() {
            *sum = S::add(*sum, S::load(chunk.as_ptr().add(part * LANES)));
        }
    }
    let mut total = sums[0];
    for &sum in &sums[1..] {
        total = S::add(total, sum);
    }
    S::sum(total)
}
