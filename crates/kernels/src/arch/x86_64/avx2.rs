//! AVX2, FMA and F16C: a vector of 16 lanes is two registers.

use std::{
    arch::{asm, x86_64::*},
    marker::PhantomData,
};

use super::dot256::{Dot, Pairs, Vnni};
use crate::arch::simd::Simd;

/// AVX2 with the products of `D`.
#[derive(Clone, Copy)]
pub(crate) struct Avx2<D>(PhantomData<D>);

pub(crate) type Plain = Avx2<Pairs>;
pub(crate) type AvxVnni = Avx2<Vnni<true>>;
pub(crate) type Avx512Vnni = Avx2<Vnni<false>>;

/// Applies an instruction to both registers.
macro_rules! both {
    ($function:ident $([$immediate:expr])? ($($argument:expr),*)) => {
        [$function$(::<{ $immediate }>)?($($argument[0]),*), $function$(::<{ $immediate }>)?($($argument[1]),*)]
    };
}

/// Adds the halves of `a`, and of `b` above them.
#[inline(always)]
unsafe fn join_pair(a: __m256, b: __m256) -> __m256 {
    _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b))
}

#[inline]
#[target_feature(enable = "avx2")]
unsafe fn opaque(mut x: __m256i) -> __m256i {
    asm!("/* {x} */", x = inout(ymm_reg) x, options(nomem, nostack, preserves_flags));
    x
}

/// In each 128 bits: the lowest bytes of the four lanes, then the next ones.
#[inline(always)]
unsafe fn turned(x: __m256i) -> __m256i {
    let turn = _mm256_setr_epi8(
        0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15,
    );
    _mm256_shuffle_epi8(x, turn)
}

/// 16 floats as four vectors, in both halves of each the first, second, third or last byte of all floats.
#[inline(always)]
unsafe fn planes(table: *const f32) -> [__m256i; 4] {
    let four = |at: usize| turned(_mm256_broadcastsi128_si256(_mm_loadu_si128(table.add(at).cast())));
    let (a, b, c, d) = (four(0), four(4), four(8), four(12));
    let (low, high) = (_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    let (next_low, next_high) = (_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    [
        _mm256_unpacklo_epi64(low, next_low),
        _mm256_unpackhi_epi64(low, next_low),
        _mm256_unpacklo_epi64(high, next_high),
        _mm256_unpackhi_epi64(high, next_high),
    ]
}

/// Floats to look up in.
#[derive(Clone, Copy)]
pub(crate) struct Table {
    /// [`planes`] of each 16 of up to 64.
    planes: [[__m256i; 4]; 4],
    floats: *const f32,
}

/// Entries of a table, named by the four bytes of each lane modulo `ENTRIES` (16 or 64): the bytes of the floats are looked
/// up one by one.
#[inline(always)]
unsafe fn entries<const ENTRIES: usize>(table: &Table, bytes: __m256i) -> [__m256; 4] {
    let x = turned(_mm256_and_si256(bytes, _mm256_set1_epi8(ENTRIES as i8 - 1)));
    let mut found = [_mm256_setzero_si256(); 4];
    for group in 0..ENTRIES / 16 {
        // The highest bit gives 0: it is set where x is not one of these 16.
        let x = match ENTRIES {
            16 => x,
            _ => _mm256_adds_epu8(_mm256_sub_epi8(x, _mm256_set1_epi8(group as i8 * 16)), _mm256_set1_epi8(0x70)),
        };
        for byte in 0..4 {
            found[byte] = _mm256_or_si256(found[byte], _mm256_shuffle_epi8(table.planes[group][byte], x));
        }
    }
    let low = [_mm256_unpacklo_epi8(found[0], found[1]), _mm256_unpackhi_epi8(found[0], found[1])];
    let high = [_mm256_unpacklo_epi8(found[2], found[3]), _mm256_unpackhi_epi8(found[2], found[3])];
    [
        _mm256_castsi256_ps(_mm256_unpacklo_epi16(low[0], high[0])),
        _mm256_castsi256_ps(_mm256_unpackhi_epi16(low[0], high[0])),
        _mm256_castsi256_ps(_mm256_unpacklo_epi16(low[1], high[1])),
        _mm256_castsi256_ps(_mm256_unpackhi_epi16(low[1], high[1])),
    ]
}

/// The same modulo 256, through memory: on many CPUs faster than gathering.
#[inline(always)]
unsafe fn entries_of_256(table: *const f32, bytes: __m256i) -> [__m256; 4] {
    let mut x = [0u8; 32];
    _mm256_storeu_si256(x.as_mut_ptr().cast(), bytes);
    let entries = |byte: usize| {
        let entry = |lane: usize| *table.add(usize::from(x[lane * 4 + byte]));
        _mm256_setr_ps(entry(0), entry(1), entry(2), entry(3), entry(4), entry(5), entry(6), entry(7))
    };
    [entries(0), entries(1), entries(2), entries(3)]
}

impl<D: Dot> Simd for Avx2<D> {
    type F = [__m256; 2];
    type I = [__m256i; 2];
    type Table = Table;

    const TILE: usize = 4;
    const FLOAT_ROWS: usize = 6;
    const FLOAT_PANELS: usize = 1;
    const BIAS_8: i32 = 0;

    #[inline(always)]
    unsafe fn prefetch(from: *const u8) {
        _mm_prefetch::<_MM_HINT_T1>(from.cast());
    }

    #[inline(always)]
    unsafe fn prefetch_near(from: *const u8) {
        _mm_prefetch::<_MM_HINT_T0>(from.cast());
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        [_mm256_set1_ps(x); 2]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::F {
        [_mm256_loadu_ps(from), _mm256_loadu_ps(from.add(8))]
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const u16) -> Self::F {
        let halves = [_mm_loadu_si128(from.cast()), _mm_loadu_si128(from.add(8).cast())];
        both!(_mm256_cvtph_ps(halves))
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> Self::F {
        let halves = [_mm_loadu_si128(from.cast()), _mm_loadu_si128(from.add(8).cast())];
        let wide = both!(_mm256_cvtepu16_epi32(halves));
        let shifted = both!(_mm256_slli_epi32[16](wide));
        both!(_mm256_castsi256_ps(shifted))
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: Self::F) {
        _mm256_storeu_ps(to, x[0]);
        _mm256_storeu_ps(to.add(8), x[1]);
    }

    #[inline(always)]
    unsafe fn store_f16(to: *mut u16, x: Self::F) {
        for (half, x) in x.into_iter().enumerate() {
            _mm_storeu_si128(to.add(half * 8).cast(), _mm256_cvtps_ph::<_MM_FROUND_TO_NEAREST_INT>(x));
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_add_ps(a, b))
    }

    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_sub_ps(a, b))
    }

    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_mul_ps(a, b))
    }

    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_div_ps(a, b))
    }

    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        both!(_mm256_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_max_ps(a, b))
    }

    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        both!(_mm256_min_ps(a, b))
    }

    #[inline(always)]
    unsafe fn abs(x: Self::F) -> Self::F {
        let bit = [_mm256_set1_ps(-0.0); 2];
        both!(_mm256_andnot_ps(bit, x))
    }

    #[inline(always)]
    unsafe fn copy_sign(magnitude: Self::F, sign: Self::F) -> Self::F {
        let bit = [_mm256_set1_ps(-0.0); 2];
        let (magnitude, sign) = (both!(_mm256_andnot_ps(bit, magnitude)), both!(_mm256_and_ps(bit, sign)));
        both!(_mm256_or_ps(magnitude, sign))
    }

    #[inline(always)]
    unsafe fn round(x: Self::F) -> Self::F {
        both!(_mm256_round_ps[_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC](x))
    }

    #[inline(always)]
    unsafe fn scale_by_power(x: Self::F, n: Self::F) -> Self::F {
        // The float 2ⁿ has n + 127 as its exponent.
        let (n, bias) = (both!(_mm256_cvtps_epi32(n)), [_mm256_set1_epi32(127); 2]);
        let exponent = both!(_mm256_add_epi32(n, bias));
        let bits = both!(_mm256_slli_epi32[23](exponent));
        let power = both!(_mm256_castsi256_ps(bits));
        both!(_mm256_mul_ps(x, power))
    }

    #[inline(always)]
    unsafe fn keep_if_not_less(x: Self::F, a: Self::F, b: Self::F) -> Self::F {
        let mask = both!(_mm256_cmp_ps[_CMP_NLT_UQ](a, b));
        both!(_mm256_and_ps(mask, x))
    }

    #[inline(always)]
    unsafe fn sum(x: Self::F) -> f32 {
        let x = _mm256_add_ps(x[0], x[1]);
        let x = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let x = _mm_add_ps(x, _mm_movehl_ps(x, x));
        _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)))
    }

    #[inline(always)]
    unsafe fn largest(x: Self::F) -> f32 {
        let x = _mm256_max_ps(x[0], x[1]);
        let x = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
        let x = _mm_max_ps(x, _mm_movehl_ps(x, x));
        _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)))
    }

    #[inline(always)]
    unsafe fn sum_quad(x: [Self::F; 4]) -> Self::F {
        let [a, b, c, d] = x.map(|[first, second]| _mm256_add_ps(first, second));
        [_mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d)), _mm256_setzero_ps()]
    }

    #[inline(always)]
    unsafe fn join_quads([a, b, c, d]: [Self::F; 4]) -> Self::F {
        [join_pair(a[0], b[0]), join_pair(c[0], d[0])]
    }

    #[inline(always)]
    unsafe fn splat_int(x: i32) -> Self::I {
        [_mm256_set1_epi32(x); 2]
    }

    #[inline(always)]
    unsafe fn load_int(from: *const i32) -> Self::I {
        [_mm256_loadu_si256(from.cast()), _mm256_loadu_si256(from.add(8).cast())]
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self::I {
        let halves = [_mm_loadl_epi64(from.cast()), _mm_loadl_epi64(from.add(8).cast())];
        both!(_mm256_cvtepu8_epi32(halves))
    }

    #[inline(always)]
    unsafe fn shift_right(x: Self::I, bits: i32) -> Self::I {
        let bits = [_mm_cvtsi32_si128(bits); 2];
        both!(_mm256_srl_epi32(x, bits))
    }

    #[inline(always)]
    unsafe fn and_int(a: Self::I, b: Self::I) -> Self::I {
        both!(_mm256_and_si256(a, b))
    }

    #[inline(always)]
    unsafe fn or_int(a: Self::I, b: Self::I) -> Self::I {
        both!(_mm256_or_si256(a, b))
    }

    #[inline(always)]
    unsafe fn table<const ENTRIES: usize>(floats: *const f32) -> Table {
        let mut table = Table { planes: [[_mm256_setzero_si256(); 4]; 4], floats };
        if ENTRIES < 256 {
            for group in 0..ENTRIES / 16 {
                table.planes[group] = planes(floats.add(group * 16));
            }
        }
        table
    }

    #[inline(always)]
    unsafe fn look_up<const ENTRIES: usize>(table: &Table, bytes: Self::I) -> [Self::F; 4] {
        let [first, second] = match ENTRIES {
            256 => [entries_of_256(table.floats, bytes[0]), entries_of_256(table.floats, bytes[1])],
            _ => [entries::<ENTRIES>(table, bytes[0]), entries::<ENTRIES>(table, bytes[1])],
        };
        [[first[0], second[0]], [first[1], second[1]], [first[2], second[2]], [first[3], second[3]]]
    }

    #[inline(always)]
    unsafe fn round_to_half(x: Self::F) -> Self::F {
        let halves = both!(_mm256_cvtps_ph[_MM_FROUND_TO_NEAREST_INT](x));
        both!(_mm256_cvtph_ps(halves))
    }

    #[inline(always)]
    unsafe fn to_float(x: Self::I) -> Self::F {
        both!(_mm256_cvtepi32_ps(x))
    }

    #[inline(always)]
    unsafe fn to_int(x: Self::F) -> Self::I {
        both!(_mm256_cvtps_epi32(x))
    }

    #[inline(always)]
    unsafe fn store_bytes(to: *mut i8, x: Self::I) {
        // Bytes 0, 4, 8 and 12 of each 128 bits, then the four dwords together.
        let pick = _mm256_setr_epi8(
            0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1,
            -1, -1, -1, -1,
        );
        let pick = [pick; 2];
        let quads = both!(_mm256_shuffle_epi8(x, pick));
        for (half, x) in quads.into_iter().enumerate() {
            let low = _mm_cvtsi128_si32(_mm256_castsi256_si128(x));
            let high = _mm_cvtsi128_si32(_mm256_extracti128_si256::<1>(x));
            to.add(half * 8).cast::<[i32; 2]>().write_unaligned([low, high]);
        }
    }

    #[inline(always)]
    unsafe fn store_int(to: *mut i32, x: Self::I) {
        _mm256_storeu_si256(to.cast(), x[0]);
        _mm256_storeu_si256(to.add(8).cast(), x[1]);
    }

    #[inline(always)]
    unsafe fn pair_up(low: Self::I, high: Self::I) -> Self::I {
        let high = both!(_mm256_slli_epi32[16](high));
        both!(_mm256_blend_epi16[0b1010_1010](low, high))
    }

    #[inline(always)]
    unsafe fn dot_pairs(sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        let products = both!(_mm256_madd_epi16(a, b));
        both!(_mm256_add_epi32(sum, products))
    }

    #[inline(always)]
    unsafe fn split_bytes(x: Self::I) -> (Self::I, Self::I) {
        let half = [_mm256_set1_epi32(128); 2];
        let rounded = both!(_mm256_add_epi32(x, half));
        let high = both!(_mm256_srai_epi32[8](rounded));
        let left = both!(_mm256_slli_epi32[8](high));
        (high, both!(_mm256_sub_epi32(x, left)))
    }

    #[inline(always)]
    unsafe fn sum_int(x: Self::I) -> i32 {
        let x = _mm256_add_epi32(x[0], x[1]);
        let x = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256::<1>(x));
        let x = _mm_add_epi32(x, _mm_shuffle_epi32::<0b11_10_11_10>(x));
        _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32::<0b01_01_01_01>(x)))
    }

    #[inline(always)]
    unsafe fn dot_bytes(sum: Self::I, a: Self::I, b: Self::I) -> Self::I {
        [D::dot_bytes(sum[0], a[0], b[0]), D::dot_bytes(sum[1], a[1], b[1])]
    }

    #[inline(always)]
    unsafe fn opaque(x: Self::I) -> Self::I {
        both!(opaque(x))
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
