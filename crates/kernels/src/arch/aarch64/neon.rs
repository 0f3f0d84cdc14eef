//! NEON with products of bytes: a vector of 16 lanes is four registers.

use std::{
    arch::{aarch64::*, asm},
    marker::PhantomData,
};

use super::dot::{Dot, Matrices, Products};
use crate::arch::simd::Simd;

/// NEON with the products of `D`.
#[derive(Clone, Copy)]
pub(crate) struct Neon<D>(PhantomData<D>);

pub(crate) type DotProd = Neon<Products>;
pub(crate) type I8mm = Neon<Matrices>;

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

/// The products of both 16-bit integers of a lane, added.
#[inline(always)]
unsafe fn pair_products(a: int32x4_t, b: int32x4_t) -> int32x4_t {
    let (a, b) = (vreinterpretq_s16_s32(a), vreinterpretq_s16_s32(b));
    vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b))
}

/// x · 2ⁿ: the float 2ⁿ has n + 127 as its exponent.
#[inline(always)]
unsafe fn times_power(x: float32x4_t, n: float32x4_t) -> float32x4_t {
    let exponent = vaddq_s32(vcvtnq_s32_f32(n), vdupq_n_s32(127));
    vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32::<23>(exponent)))
}

#[inline(always)]
unsafe fn shifted(x: int32x4_t, bits: i32) -> int32x4_t {
    vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(x), vdupq_n_s32(-bits)))
}

#[inline(always)]
unsafe fn widen(x: uint16x4_t) -> int32x4_t {
    vreinterpretq_s32_u32(vmovl_u16(x))
}

/// Turns four vectors of bytes, one of each byte of a float, for the four bytes of each lane, into floats by byte.
#[inline(always)]
unsafe fn join(planes: [uint8x16_t; 4]) -> [float32x4_t; 4] {
    let low = [vzip1q_u8(planes[0], planes[1]), vzip2q_u8(planes[0], planes[1])];
    let high = [vzip1q_u8(planes[2], planes[3]), vzip2q_u8(planes[2], planes[3])];
    let zip = |half: usize| {
        let (low, high) = (vreinterpretq_u16_u8(low[half]), vreinterpretq_u16_u8(high[half]));
        [vreinterpretq_f32_u16(vzip1q_u16(low, high)), vreinterpretq_f32_u16(vzip2q_u16(low, high))]
    };
    let ([a, b], [c, d]) = (zip(0), zip(1));
    [a, b, c, d]
}

/// First the four lanes' lowest bytes modulo `entries`, then the next ones.
#[inline(always)]
unsafe fn turned(bytes: int32x4_t, entries: u8) -> uint8x16_t {
    const TURN: [u8; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
    let bytes = vandq_u8(vreinterpretq_u8_s32(bytes), vdupq_n_u8(entries - 1));
    vqtbl1q_u8(bytes, vld1q_u8(TURN.as_ptr()))
}

/// Floats to look up in.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    /// For up to 64 of them, 16 to a register: the first byte of each, the second, the third, the last.
    planes: [[uint8x16_t; 4]; 4],
    floats: *const f32,
}

/// Entries of a table, named by the four bytes of each lane modulo `ENTRIES` (16 or 64): the bytes of the floats are looked
/// up one by one.
#[inline(always)]
unsafe fn entries<const ENTRIES: usize>(table: &Table, bytes: int32x4_t) -> [float32x4_t; 4] {
    let x = turned(bytes, ENTRIES as u8);
    let find = |[a, b, c, d]: [uint8x16_t; 4]| match ENTRIES {
        16 => vqtbl1q_u8(a, x),
        _ => vqtbl4q_u8(uint8x16x4_t(a, b, c, d), x),
    };
    let [a, b, c, d] = table.planes;
    join([find(a), find(b), find(c), find(d)])
}

/// The same modulo 256, through memory.
#[inline(always)]
unsafe fn entries_of_256(table: *const f32, bytes: int32x4_t) -> [float32x4_t; 4] {
    let mut x = [0u8; 16];
    vst1q_u8(x.as_mut_ptr(), vreinterpretq_u8_s32(bytes));
    let four = |at: usize| {
        let entries = [0, 4, 8, 12].map(|lane| *table.add(usize::from(x[lane + at])));
        vld1q_f32(entries.as_ptr())
    };
    [four(0), four(1), four(2), four(3)]
}

#[inline(always)]
unsafe fn high_byte(x: int32x4_t) -> int32x4_t {
    vshrq_n_s32::<8>(vaddq_s32(x, vdupq_n_s32(128)))
}

#[inline]
#[target_feature(enable = "neon")]
unsafe fn opaque(mut x: int32x4_t) -> int32x4_t {
    asm!("/* {x:v} */", x = inout(vreg) x, options(nomem, nostack, preserves_flags));
    x
}

impl<D: Dot> Simd for Neon<D> {
    type F = [float32x4_t; 4];
    type I = [int32x4_t; 4];
    type Table = Table;

    const TILE: usize = 4;
    const FLOAT_ROWS: usize = 6;
    const FLOAT_PANELS: usize = 1;
    const BIAS_8: i32 = D::BIAS_8;

    #[inline(always)]
    unsafe fn prefetch(from: *const u8) {
        asm!("prfm pldl2keep, [{from}]", from = in(reg) from, options(nostack, preserves_flags, readonly));
    }

    #[inline(always)]
    unsafe fn prefetch_near(from: *const u8) {
        asm!("prfm pldl1keep, [{from}]", from = in(reg) from, options(nostack, preserves_flags, readonly));
    }

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
    unsafe fn sum_quad(x: [Self::F; 4]) -> Self::F {
        let [a, b, c, d] = x.map(|x| vaddq_f32(vaddq_f32(x[0], x[1]), vaddq_f32(x[2], x[3])));
        let nothing = vdupq_n_f32(0.0);
        [vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)), nothing, nothing, nothing]
    }

    #[inline(always)]
    unsafe fn join_quads(quads: [Self::F; 4]) -> Self::F {
        quads.map(|quad| quad[0])
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
    unsafe fn load_bytes(from: *const u8) -> Self::I {
        let bytes = vld1q_u8(from);
        let (low, high) = (vmovl_u8(vget_low_u8(bytes)), vmovl_u8(vget_high_u8(bytes)));
        let halves = [vget_low_u16(low), vget_high_u16(low), vget_low_u16(high), vget_high_u16(high)];
        each!(widen(halves))
    }

    #[inline(always)]
    unsafe fn shift_right(x: Self::I, bits: i32) -> Self::I {
        let bits = [bits; 4];
        each!(shifted(x, bits))
    }

    #[inline(always)]
    unsafe fn and_int(a: Self::I, b: Self::I) -> Self::I {
        each!(vandq_s32(a, b))
    }

    #[inline(always)]
    unsafe fn or_int(a: Self::I, b: Self::I) -> Self::I {
        each!(vorrq_s32(a, b))
    }

    #[inline(always)]
    unsafe fn table<const ENTRIES: usize>(floats: *const f32) -> Table {
        let mut table = Table { planes: [[vdupq_n_u8(0); 4]; 4], floats };
        if ENTRIES < 256 {
            for group in 0..ENTRIES / 16 {
                let uint8x16x4_t(a, b, c, d) = vld4q_u8(floats.add(group * 16).cast());
                for (plane, bytes) in [a, b, c, d].into_iter().enumerate() {
                    table.planes[plane][group] = bytes;
                }
            }
        }
        table
    }

    #[inline(always)]
    unsafe fn look_up<const ENTRIES: usize>(table: &Table, bytes: Self::I) -> [Self::F; 4] {
        let tables = [table; 4];
        let [a, b, c, d] = match ENTRIES {
            256 => {
                let floats = [table.floats; 4];
                each!(entries_of_256(floats, bytes))
            }
            _ => {
                let entries = entries::<ENTRIES>;
                each!(entries(tables, bytes))
            }
        };
        [[a[0], b[0], c[0], d[0]], [a[1], b[1], c[1], d[1]], [a[2], b[2], c[2], d[2]], [a[3], b[3], c[3], d[3]]]
    }

    #[inline(always)]
    unsafe fn round_to_half(x: Self::F) -> Self::F {
        let halves = each!(vcvt_f16_f32(x));
        each!(vcvt_f32_f16(halves))
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
    unsafe fn store_int(to: *mut i32, x: Self::I) {
        x.into_iter().enumerate().for_each(|(part, x)| vst1q_s32(to.add(part * 4), x));
    }

    #[inline(always)]
    unsafe fn pair_up(low: Self::I, high: Self::I) -> Self::I {
        each!(vsliq_n_s32[16](low, high))
    }

    #[inline(always)]
    unsafe fn dot_pairs(sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        let products = each!(pair_products(a, b));
        each!(vaddq_s32(sum, products))
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
        let (a, b) = (each!(vreinterpretq_u8_s32(a)), each!(vreinterpretq_s8_s32(b)));
        let dot = D::dot_bytes;
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
        D::dot::<M, BITS, WIDE, GROUPS>(codes, high, low, start)
    }
}
