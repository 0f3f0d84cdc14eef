//! Products of bytes: all in which the levels of NEON differ.

use std::arch::{aarch64::*, asm};

/// The integer part of [`crate::arch::simd::Simd`]; functions mean what they mean there.
#[allow(clippy::missing_safety_doc)]
pub(crate) trait Dot: Copy + 'static {
    const BIAS_8: i32;

    unsafe fn dot_bytes(sum: int32x4_t, a: uint8x16_t, b: int8x16_t) -> int32x4_t;
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[int32x4_t; 4]; M],
    ) -> [[int32x4_t; 4]; M];
}

/// The dot product extension.
#[derive(Clone, Copy)]
pub(crate) struct Products;

/// The matrix product extension (i8mm): two features of eight inputs are multiplied with two rows at once.
#[derive(Clone, Copy)]
pub(crate) struct Matrices;

/// A three-operand instruction that the standard library has no stable intrinsic for.
macro_rules! instruction {
    ($(#[$about:meta])* $name:ident, $features:literal) => {
        $(#[$about])*
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $name(mut sum: int32x4_t, codes: uint8x16_t, x: int8x16_t) -> int32x4_t {
            asm!(
                concat!(stringify!($name), " {sum:v}.4s, {codes:v}.16b, {x:v}.16b"),
                sum = inout(vreg) sum,
                codes = in(vreg) codes,
                x = in(vreg) x,
                options(pure, nomem, nostack, preserves_flags),
            );
            sum
        }
    };
}

instruction! {
    /// sum + Σ of four products for each lane, the codes taken as signed.
    sdot, "neon,dotprod"
}
instruction! {
    /// sum + Σ of four products for each lane.
    usdot, "neon,i8mm"
}
instruction! {
    /// Each half of the operands being a vector of eight bytes: sum + \[c₀·x₀, c₀·x₁, c₁·x₀, c₁·x₁\].
    usmmla, "neon,i8mm"
}

/// Four bytes for every lane.
#[inline(always)]
unsafe fn quad(from: *const i8) -> int8x16_t {
    vreinterpretq_s8_s32(vdupq_n_s32(from.cast::<i32>().read_unaligned()))
}

/// Row by row with `$dot`, codes of 8 bits passing through `$code`.
macro_rules! by_row {
    ($dot:ident, |$code:ident| $as_byte:expr) => {
        #[inline(always)]
        unsafe fn by_row<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
            codes: *const u8,
            high: [*const i8; M],
            low: [*const i8; M],
            start: [[int32x4_t; 4]; M],
        ) -> [[int32x4_t; 4]; M] {
            let mut sums = start;
            let mut wide = [[vdupq_n_s32(0); 4]; M];
            for vector in 0..GROUPS * BITS / 8 {
                for part in 0..4 {
                    let $code = vld1q_u8(codes.add(vector * 64 + part * 16));
                    let codes = match BITS {
                        4 => [vandq_u8($code, vdupq_n_u8(15)), vshrq_n_u8::<4>($code)],
                        _ => [$as_byte; 2],
                    };
                    for half in 0..8 / BITS {
                        let at = vector * 32 / BITS + half * 4;
                        for m in 0..M {
                            let plane = if WIDE { &mut wide[m][part] } else { &mut sums[m][part] };
                            *plane = $dot(*plane, codes[half], quad(high[m].add(at)));
                            if WIDE {
                                sums[m][part] = $dot(sums[m][part], codes[half], quad(low[m].add(at)));
                            }
                        }
                    }
                }
            }
            if WIDE {
                for m in 0..M {
                    for part in 0..4 {
                        sums[m][part] = vaddq_s32(sums[m][part], vshlq_n_s32::<8>(wide[m][part]));
                    }
                }
            }
            sums
        }
    };
}

impl Products {
    by_row!(sdot, |code| veorq_u8(code, vdupq_n_u8(128)));
}

impl Dot for Products {
    const BIAS_8: i32 = 128;

    #[inline(always)]
    unsafe fn dot_bytes(sum: int32x4_t, a: uint8x16_t, b: int8x16_t) -> int32x4_t {
        sdot(sum, a, b)
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[int32x4_t; 4]; M],
    ) -> [[int32x4_t; 4]; M] {
        Self::by_row::<M, BITS, WIDE, GROUPS>(codes, high, low, start)
    }
}

/// Lanes of 32 bits of `a` and `b` in turn: those of the lower halves, then those of the upper ones.
#[inline(always)]
unsafe fn zip(a: uint8x16_t, b: uint8x16_t) -> [uint8x16_t; 2] {
    let (a, b) = (vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b));
    [vreinterpretq_u8_u32(vzip1q_u32(a, b)), vreinterpretq_u8_u32(vzip2q_u32(a, b))]
}

impl Matrices {
    by_row!(usdot, |code| code);

    /// Rows two by two, of 8 bits each.
    #[inline(always)]
    unsafe fn by_pair<const M: usize, const BITS: usize, const GROUPS: usize>(
        codes: *const u8,
        rows: [*const i8; M],
        start: [[int32x4_t; 4]; M],
    ) -> [[int32x4_t; 4]; M] {
        // Of rows m and m + 1: in `sums[m]` features 4 · part and the next one, in `sums[m + 1]` the two after that.
        let mut sums = start;
        for m in (0..M).step_by(2) {
            for part in 0..4 {
                let (a, b) = (start[m][part], start[m + 1][part]);
                (sums[m][part], sums[m + 1][part]) = (vzip1q_s32(a, b), vzip2q_s32(a, b));
            }
        }
        for eight in 0..GROUPS / 2 {
            for part in 0..4 {
                let codes = codes.add(eight * BITS * 16 + part * 16);
                let bytes = vld1q_u8(codes);
                let [first, second] = match BITS {
                    4 => zip(vandq_u8(bytes, vdupq_n_u8(15)), vshrq_n_u8::<4>(bytes)),
                    _ => zip(bytes, vld1q_u8(codes.add(64))),
                };
                for m in (0..M).step_by(2) {
                    let x = vcombine_s8(vld1_s8(rows[m].add(eight * 8)), vld1_s8(rows[m + 1].add(eight * 8)));
                    sums[m][part] = usmmla(sums[m][part], first, x);
                    sums[m + 1][part] = usmmla(sums[m + 1][part], second, x);
                }
            }
        }
        for m in (0..M).step_by(2) {
            for part in 0..4 {
                let (a, b) = (sums[m][part], sums[m + 1][part]);
                (sums[m][part], sums[m + 1][part]) = (vuzp1q_s32(a, b), vuzp2q_s32(a, b));
            }
        }
        sums
    }
}

impl Dot for Matrices {
    const BIAS_8: i32 = 0;

    #[inline(always)]
    unsafe fn dot_bytes(sum: int32x4_t, a: uint8x16_t, b: int8x16_t) -> int32x4_t {
        usmmla(sum, a, b)
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[int32x4_t; 4]; M],
    ) -> [[int32x4_t; 4]; M] {
        if M % 2 == 0 && !WIDE {
            Self::by_pair::<M, BITS, GROUPS>(codes, high, start)
        } else {
            Self::by_row::<M, BITS, WIDE, GROUPS>(codes, high, low, start)
        }
    }
}
