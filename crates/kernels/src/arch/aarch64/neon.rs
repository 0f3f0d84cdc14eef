//! NEON with the dot product extension: a vector of 16 lanes is four registers.

use std::arch::{aarch64::*, asm};

use crate::arch::simd::Simd;

#[derive(Clone, Copy)]
pub(crate) struct Neon;

/// Applies an instruction to all four registers.
macro_rules! each {
    ($function:ident $([$immediate:expr])? ($($argument:expr),*)) => {
        [
            $function$(::<{ $immediate }>)?($($argument[0]),*),
            $function$(::<{ $immediate }>)?($($argument[1]),*),
            $function$(::<{ $immediate }>)?($($argument[2]),*),
            $function$(::<{ $immediate }>)?($($argument[3]),*),
        ]
    };
}

/// sum + Σ of four products for each lane. The standard library's intrinsic is not stable yet.
#[inline]
#[target_feature(enable = "neon,dotprod")]
unsafe fn dot(mut sum: int32x4_t, codes: int8x16_t, x: int8x16_t) -> int32x4_t {
    asm!(
        "sdot {sum:v}.4s, {codes:v}.16b, {x:v}.16b",
        sum = inout(vreg) sum,
        codes = in(vreg) codes,
        x = in(vreg) x,
        options(pure, nomem, nostack, preserves_flags),
    );
    sum
}

/// Four bytes for every lane.
#[inline(always)]
unsafe fn quad(from: *const i8) -> int8x16_t {
    vreinterpretq_s8_s32(vdupq_n_s32(from.cast::<i32>().read_unaligned()))
}

/// The larger lanes; those of `b` where one is NaN, as on x86.
#[inline(always)]
unsafe fn larger(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcgtq_f32(a, b), a, b)
}

/// The smaller lanes; those of `b` where one is NaN, as on x86.
#[inline(always)]
unsafe fn smaller(a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vbslq_f32(vcltq_f32(a, b), a, b)
}

#[inline(always)]
unsafe fn keep(x: float32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
    vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(x), vcltq_f32(a, b)))
}

#[inline(always)]
unsafe fn half_to_float(from: *const u16) -> float32x4_t {
    vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)))
}

#[inline(always)]
unsafe fn brain_to_float(from: *const u16) -> float32x4_t {
    vreinterpretq_f32_u32(vshll_n_u16::<16>(vld1_u16(from)))
}

/// x · 2ⁿ: the float 2ⁿ has n + 127 as its exponent.
#[inline(always)]
unsafe fn times_power(x: float32x4_t, n: float32x4_t) -> float32x4_t {
    let exponent = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
    vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent)))
}

/// The sums of four vectors.
#[inline(always)]
unsafe fn sum_each_of_4(from: *const [float32x4_t; 4]) -> float32x4_t {
    let (a, b, c, d) = (from.read(), from.add(1).read(), from.add(2).read(), from.add(3).read());
    let a = vaddq_f32(vaddq_f32(a[0], a[1]), vaddq_f32(a[2], a[3]));
    let b = vaddq_f32(vaddq_f32(b[0], b[1]), vaddq_f32(b[2], b[3]));
    let c = vaddq_f32(vaddq_f32(c[0], c[1]), vaddq_f32(c[2], c[3]));
    let d = vaddq_f32(vaddq_f32(d[0], d[1]), vaddq_f32(d[2], d[3]));
    vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d))
}

#[inline(always)]
unsafe fn shift_and_mask<const BITS: i32>(x: int32x4_t, mask: i32) -> int32x4_t {
    let shifted = vshlq_u32(vreinterpretq_u32_s32(x), vdupq_n_s32(-BITS));
    vandq_s32(vreinterpretq_s32_u32(shifted), vdupq_n_s32(mask))
}

#[inline(always)]
unsafe fn high_byte(x: int32x4_t) -> int32x4_t {
    vshrq_n_s32::<8>(vaddq_s32(x, vdupq_n_s32(128)))
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn opaque(mut x: int32x4_t) -> int32x4_t {
    asm!("/* {x} */", x = inout(vreg) x, options(nomem, nostack, preserves_flags));
    x
}

impl Simd for Neon {
    type F = [float32x4_t; 4];
    type I = [int32x4_t; 4];

    const TILE: usize = 4;
    // The dot product takes signed bytes.
    const BIAS_8: i32 = 128;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        [vdupq_n_f32(x); 4]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::F {
        [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))]
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const u16) -> Self::F {
        let from = [from, from.add(4), from.add(8), from.add(12)];
        each!(half_to_float(from))
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self::F {
        let from = [from, from.add(4), from.add(8), from.add(12)];
        each!(brain_to_float(from))
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: Self::F) {
        for part in 0..4 {
            vst1q_f32(to.add(part * 4), x[part]);
        }
    }

    #[inline(always)]
    unsafe fn store_f16(to: *mut u16, x: Self::F) {
        for part in 0..4 {
            vst1_u16(to.add(part * 4), vreinterpret_u16_f16(vcvt_f16_f32(x[part])));
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        each!(vaddq_f32(a, b))
    }

    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        each!(vsubq_f32(a, b))
    }

    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        each!(vmulq_f32(a, b))
    }

    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        each!(vdivq_f32(a, b))
    }

    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        each!(vfmaq_f32(c, a, b))
    }

    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        each!(larger(a, b))
    }

    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        each!(smaller(a, b))
    }

    #[inline(always)]
    unsafe fn abs(x: Self::F) -> Self::F {
        each!(vabsq_f32(x))
    }

    #[inline(always)]
    unsafe fn copy_sign(magnitude: Self::F, sign: Self::F) -> Self::F {
        let bit = [vdupq_n_u32(1 << 31); 4];
        each!(vbslq_f32(bit, sign, magnitude))
    }

    #[inline(always)]
    unsafe fn round(x: Self::F) -> Self::F {
        each!(vrndnq_f32(x))
    }

    #[inline(always)]
    unsafe fn scale_by_power(x: Self::F, n: Self::F) -> Self::F {
        each!(times_power(x, n))
    }

    #[inline(always)]
    unsafe fn keep_if_not_less(x: Self::F, a: Self::F, b: Self::F) -> Self::F {
        each!(keep(x, a, b))
    }

    #[inline(always)]
    unsafe fn sum(x: Self::F) -> f32 {
        vaddvq_f32(vaddq_f32(vaddq_f32(x[0], x[1]), vaddq_f32(x[2], x[3])))
    }

    #[inline(always)]
    unsafe fn largest(x: Self::F) -> f32 {
        vmaxnmvq_f32(larger(larger(x[0], x[1]), larger(x[2], x[3])))
    }

    #[inline(always)]
    unsafe fn sum_each(from: *const Self::F) -> Self::F {
        let from = [from, from.add(4), from.add(8), from.add(12)];
        each!(sum_each_of_4(from))
    }

    #[inline(always)]
    unsafe fn splat_int(x: i32) -> Self::I {
        [vdupq_n_s32(x); 4]
    }

    #[inline(always)]
    unsafe fn load_int(from: *const i32) -> Self::I {
        [vld1q_s32(from), vld1q_s32(from.add(4)), vld1q_s32(from.add(8)), vld1q_s32(from.add(12))]
    }

    #[inline(always)]
    unsafe fn mul_int(a: Self::I, b: Self::I) -> Self::I {
        each!(vmulq_s32(a, b))
    }

    #[inline(always)]
    unsafe fn extract<const BITS: i32>(x: Self::I, mask: i32) -> Self::I {
        let mask = [mask; 4];
        each!(shift_and_mask[BITS](x, mask))
    }

    #[inline(always)]
    unsafe fn to_float(x: Self::I) -> Self::F {
        each!(vcvtq_f32_s32(x))
    }

    #[inline(always)]
    unsafe fn to_int(x: Self::F) -> Self::I {
        each!(vcvtnq_s32_f32(x))
    }

    #[inline(always)]
    unsafe fn store_bytes(to: *mut i8, x: Self::I) {
        let halves = each!(vmovn_s32(x));
        let low = vmovn_s16(vcombine_s16(halves[0], halves[1]));
        vst1q_s8(to, vcombine_s8(low, vmovn_s16(vcombine_s16(halves[2], halves[3]))));
    }

    #[inline(always)]
    unsafe fn split_bytes(x: Self::I) -> (Self::I, Self::I) {
        let high = each!(high_byte(x));
        let left = each!(vshlq_n_s32[8](high));
        (high, each!(vsubq_s32(x, left)))
    }

    #[inline(always)]
    unsafe fn sum_int(x: Self::I) -> i32 {
        vaddvq_s32(vaddq_s32(vaddq_s32(x[0], x[1]), vaddq_s32(x[2], x[3])))
    }

    #[inline(always)]
    unsafe fn dot_bytes(sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        let (a, b) = (each!(vreinterpretq_s8_s32(a)), each!(vreinterpretq_s8_s32(b)));
        each!(dot(sum, a, b))
    }

    #[inline(always)]
    unsafe fn opaque(x: Self::I) -> Self::I {
        each!(opaque(x))
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [Self::I; M],
    ) -> [Self::I; M] {
        let mut sums = start;
        let mut wide = [[vdupq_n_s32(0); 4]; M];
        for vector in 0..GROUPS * BITS / 8 {
            for part in 0..4 {
                let bytes = vld1q_u8(codes.add(vector * 64 + part * 16));
                let (first, second) = match BITS {
                    4 => (vandq_u8(bytes, vdupq_n_u8(15)), vshrq_n_u8::<4>(bytes)),
                    _ => (veorq_u8(bytes, vdupq_n_u8(128)), bytes),
                };
                let (first, second) = (vreinterpretq_s8_u8(first), vreinterpretq_s8_u8(second));
                let at = vector * 32 / BITS;
                for m in 0..M {
                    let plane = if WIDE { &mut wide[m][part] } else { &mut sums[m][part] };
                    *plane = dot(*plane, first, quad(high[m].add(at)));
                    if BITS == 4 {
                        *plane = dot(*plane, second, quad(high[m].add(at + 4)));
                    }
                    if WIDE {
                        sums[m][part] = dot(sums[m][part], first, quad(low[m].add(at)));
                        if BITS == 4 {
                            sums[m][part] = dot(sums[m][part], second, quad(low[m].add(at + 4)));
                        }
                    }
                }
            }
        }
        if WIDE {
            for m in 0..M {
                let shifted = each!(vshlq_n_s32[8](wide[m]));
                let low = sums[m];
                sums[m] = each!(vaddq_s32(low, shifted));
            }
        }
        sums
    }
}
