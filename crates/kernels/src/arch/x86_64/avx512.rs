//! AVX-512 F, BW, VL, DQ and VNNI: a vector of 16 lanes is a register.

use std::arch::{asm, x86_64::*};

use crate::arch::simd::Simd;

#[derive(Clone, Copy)]
pub(crate) struct Avx512;

/// Four bytes for every lane.
#[inline(always)]
unsafe fn quad(from: *const i8) -> __m512i {
    _mm512_set1_epi32(from.cast::<i32>().read_unaligned())
}

/// Adds the lanes of each pair of `a` (to even lanes) and of `b` (to odd ones), within 128 bits.
#[inline(always)]
unsafe fn fold_pair(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
}

/// Adds quarters 0 and 1, 2 and 3 of `a`, then of `b`.
#[inline(always)]
unsafe fn fold_quarters(a: __m512, b: __m512) -> __m512 {
    _mm512_add_ps(_mm512_shuffle_f32x4::<0b10_00_10_00>(a, b), _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b))
}

#[inline]
#[target_feature(enable = "avx512f")]
unsafe fn opaque(mut x: __m512i) -> __m512i {
    asm!("/* {x} */", x = inout(zmm_reg) x, options(nomem, nostack, preserves_flags));
    x
}

/// The low halves of lanes of 32 entries, or the high ones.
#[inline(always)]
unsafe fn halves_of_32<const HIGH: bool>(from: *const f32) -> __m512i {
    let half = |x: __m512i| _mm512_cvtepi32_epi16(if HIGH { _mm512_srli_epi32::<16>(x) } else { x });
    let (first, second) = (_mm512_loadu_si512(from.cast()), _mm512_loadu_si512(from.add(16).cast()));
    _mm512_inserti64x4::<1>(_mm512_castsi256_si512(half(first)), half(second))
}

/// The low or high halves of the entries that the low byte of each 16 bits names, modulo `ENTRIES` (64 or 256).
#[inline(always)]
unsafe fn halves<const ENTRIES: usize, const HIGH: bool>(table: &[__m512i; 16], x: __m512i) -> __m512i {
    let of_64 = |group: usize| {
        let at = group * 4 + if HIGH { 2 } else { 0 };
        _mm512_permutex2var_epi16(table[at], x, table[at + 1])
    };
    if ENTRIES == 64 {
        return of_64(0);
    }
    let bit = |bit: i16| _mm512_test_epi16_mask(x, _mm512_set1_epi16(bit));
    let low = _mm512_mask_blend_epi16(bit(64), of_64(0), of_64(1));
    let high = _mm512_mask_blend_epi16(bit(64), of_64(2), of_64(3));
    _mm512_mask_blend_epi16(bit(128), low, high)
}

/// The entries that the low bytes of the two halves of each lane name.
#[inline(always)]
unsafe fn two_entries<const ENTRIES: usize>(table: &[__m512i; 16], x: __m512i) -> [__m512; 2] {
    const ODD: u32 = 0xAAAA_AAAA;
    let (low, high) = (halves::<ENTRIES, false>(table, x), halves::<ENTRIES, true>(table, x));
    let first = _mm512_mask_blend_epi16(ODD, low, _mm512_slli_epi32::<16>(high));
    let second = _mm512_mask_blend_epi16(ODD, _mm512_srli_epi32::<16>(low), high);
    [_mm512_castsi512_ps(first), _mm512_castsi512_ps(second)]
}

impl Simd for Avx512 {
    type F = __m512;
    type I = __m512i;
    // All entries, or for each 64 of them the low halves and the high halves, two registers each.
    type Table = [__m512i; 16];

    const TILE: usize = 12;
    const FLOAT_ROWS: usize = 12;
    const FLOAT_PANELS: usize = 2;
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
    unsafe fn splat(x: f32) -> __m512 {
        _mm512_set1_ps(x)
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        _mm512_loadu_ps(from)
    }

    #[inline(always)]
    unsafe fn load_f16(from: *const u16) -> __m512 {
        _mm512_cvtph_ps(_mm256_loadu_si256(from.cast()))
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> __m512 {
        let wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
        _mm512_castsi512_ps(_mm512_slli_epi32::<16>(wide))
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: __m512) {
        _mm512_storeu_ps(to, x);
    }

    #[inline(always)]
    unsafe fn store_f16(to: *mut u16, x: __m512) {
        _mm256_storeu_si256(to.cast(), _mm512_cvtps_ph::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x));
    }

    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        _mm512_add_ps(a, b)
    }

    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        _mm512_sub_ps(a, b)
    }

    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        _mm512_mul_ps(a, b)
    }

    #[inline(always)]
    unsafe fn div(a: __m512, b: __m512) -> __m512 {
        _mm512_div_ps(a, b)
    }

    #[inline(always)]
    unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        _mm512_fmadd_ps(a, b, c)
    }

    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        _mm512_max_ps(a, b)
    }

    #[inline(always)]
    unsafe fn min(a: __m512, b: __m512) -> __m512 {
        _mm512_min_ps(a, b)
    }

    #[inline(always)]
    unsafe fn abs(x: __m512) -> __m512 {
        _mm512_abs_ps(x)
    }

    #[inline(always)]
    unsafe fn copy_sign(magnitude: __m512, sign: __m512) -> __m512 {
        let bit = _mm512_set1_ps(-0.0);
        _mm512_or_ps(_mm512_andnot_ps(bit, magnitude), _mm512_and_ps(bit, sign))
    }

    #[inline(always)]
    unsafe fn round(x: __m512) -> __m512 {
        _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x)
    }

    #[inline(always)]
    unsafe fn scale_by_power(x: __m512, n: __m512) -> __m512 {
        _mm512_scalef_ps(x, n)
    }

    #[inline(always)]
    unsafe fn split_power(x: __m512) -> (__m512, __m512) {
        // Powers are rounded down where they are used.
        (x, _mm512_reduce_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(x))
    }

    #[inline(always)]
    unsafe fn keep_if_not_less(x: __m512, a: __m512, b: __m512) -> __m512 {
        _mm512_maskz_mov_ps(_mm512_cmp_ps_mask::<_CMP_NLT_UQ>(a, b), x)
    }

    #[inline(always)]
    unsafe fn sum(x: __m512) -> f32 {
        _mm512_reduce_add_ps(x)
    }

    #[inline(always)]
    unsafe fn largest(x: __m512) -> f32 {
        _mm512_reduce_max_ps(x)
    }

    #[inline(always)]
    unsafe fn sum_quad([a, b, c, d]: [__m512; 4]) -> __m512 {
        let (a, b) = (fold_pair(a, b), fold_pair(c, d));
        _mm512_add_ps(_mm512_shuffle_ps::<0b01_00_01_00>(a, b), _mm512_shuffle_ps::<0b11_10_11_10>(a, b))
    }

    #[inline(always)]
    unsafe fn join_quads([a, b, c, d]: [__m512; 4]) -> __m512 {
        fold_quarters(fold_quarters(a, b), fold_quarters(c, d))
    }

    #[inline(always)]
    unsafe fn splat_int(x: i32) -> __m512i {
        _mm512_set1_epi32(x)
    }

    #[inline(always)]
    unsafe fn load_int(from: *const i32) -> __m512i {
        _mm512_loadu_si512(from.cast())
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> __m512i {
        _mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast()))
    }

    #[inline(always)]
    unsafe fn shift_right(x: __m512i, bits: i32) -> __m512i {
        _mm512_srl_epi32(x, _mm_cvtsi32_si128(bits))
    }

    #[inline(always)]
    unsafe fn and_int(a: __m512i, b: __m512i) -> __m512i {
        _mm512_and_si512(a, b)
    }

    #[inline(always)]
    unsafe fn or_int(a: __m512i, b: __m512i) -> __m512i {
        _mm512_or_si512(a, b)
    }

    #[inline(always)]
    unsafe fn table<const ENTRIES: usize>(from: *const f32) -> [__m512i; 16] {
        let mut table = [_mm512_setzero_si512(); 16];
        if ENTRIES == 16 {
            table[0] = _mm512_loadu_si512(from.cast());
            return table;
        }
        for group in 0..ENTRIES / 64 {
            let from = from.add(group * 64);
            table[group * 4] = halves_of_32::<false>(from);
            table[group * 4 + 1] = halves_of_32::<false>(from.add(32));
            table[group * 4 + 2] = halves_of_32::<true>(from);
            table[group * 4 + 3] = halves_of_32::<true>(from.add(32));
        }
        table
    }

    #[inline(always)]
    unsafe fn look_up<const ENTRIES: usize>(table: &[__m512i; 16], bytes: __m512i) -> [__m512; 4] {
        if ENTRIES == 16 {
            let entries = |x: __m512i| _mm512_castsi512_ps(_mm512_permutexvar_epi32(x, table[0]));
            return [
                entries(bytes),
                entries(_mm512_srli_epi32::<8>(bytes)),
                entries(_mm512_srli_epi32::<16>(bytes)),
                entries(_mm512_srli_epi32::<24>(bytes)),
            ];
        }
        let [first, third] = two_entries::<ENTRIES>(table, bytes);
        let [second, fourth] = two_entries::<ENTRIES>(table, _mm512_srli_epi16::<8>(bytes));
        [first, second, third, fourth]
    }

    #[inline(always)]
    unsafe fn round_to_half(x: __m512) -> __m512 {
        _mm512_cvtph_ps(_mm512_cvtps_ph::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x))
    }

    #[inline(always)]
    unsafe fn to_float(x: __m512i) -> __m512 {
        _mm512_cvtepi32_ps(x)
    }

    #[inline(always)]
    unsafe fn to_int(x: __m512) -> __m512i {
        _mm512_cvtps_epi32(x)
    }

    #[inline(always)]
    unsafe fn store_bytes(to: *mut i8, x: __m512i) {
        _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(x));
    }

    #[inline(always)]
    unsafe fn store_int(to: *mut i32, x: __m512i) {
        _mm512_storeu_si512(to.cast(), x);
    }

    #[inline(always)]
    unsafe fn transpose(x: [__m512i; 16]) -> [__m512i; 16] {
        // Within quarters: the 4 × 4 lanes of each four vectors.
        let mut fours = x;
        for at in (0..16).step_by(4) {
            let [a, b, c, d] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
            let (low, high) = (_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
            let (low_next, high_next) = (_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
            fours[at] = _mm512_unpacklo_epi64(low, low_next);
            fours[at + 1] = _mm512_unpackhi_epi64(low, low_next);
            fours[at + 2] = _mm512_unpacklo_epi64(high, high_next);
            fours[at + 3] = _mm512_unpackhi_epi64(high, high_next);
        }
        // Then the quarters themselves: vector `lane` of each four has quarters `lane`, 4 + `lane` and so on.
        let mut out = x;
        for lane in 0..4 {
            let [a, b, c, d] = [fours[lane], fours[4 + lane], fours[8 + lane], fours[12 + lane]];
            let (low, high) =
                (_mm512_shuffle_i32x4::<0b01_00_01_00>(a, b), _mm512_shuffle_i32x4::<0b11_10_11_10>(a, b));
            let (low_next, high_next) =
                (_mm512_shuffle_i32x4::<0b01_00_01_00>(c, d), _mm512_shuffle_i32x4::<0b11_10_11_10>(c, d));
            out[lane] = _mm512_shuffle_i32x4::<0b10_00_10_00>(low, low_next);
            out[4 + lane] = _mm512_shuffle_i32x4::<0b11_01_11_01>(low, low_next);
            out[8 + lane] = _mm512_shuffle_i32x4::<0b10_00_10_00>(high, high_next);
            out[12 + lane] = _mm512_shuffle_i32x4::<0b11_01_11_01>(high, high_next);
        }
        out
    }

    #[inline(always)]
    unsafe fn pair_up(low: __m512i, high: __m512i) -> __m512i {
        _mm512_mask_blend_epi16(0xAAAA_AAAA, low, _mm512_slli_epi32::<16>(high))
    }

    #[inline(always)]
    unsafe fn dot_pairs(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        _mm512_dpwssd_epi32(sum, a, b)
    }

    #[inline(always)]
    unsafe fn split_bytes(x: __m512i) -> (__m512i, __m512i) {
        let high = _mm512_srai_epi32::<8>(_mm512_add_epi32(x, _mm512_set1_epi32(128)));
        (high, _mm512_sub_epi32(x, _mm512_slli_epi32::<8>(high)))
    }

    #[inline(always)]
    unsafe fn sum_int(x: __m512i) -> i32 {
        _mm512_reduce_add_epi32(x)
    }

    #[inline(always)]
    unsafe fn dot_bytes(sum: __m512i, a: __m512i, b: __m512i) -> __m512i {
        _mm512_dpbusd_epi32(sum, a, b)
    }

    #[inline(always)]
    unsafe fn opaque(x: __m512i) -> __m512i {
        opaque(x)
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [__m512i; M],
    ) -> [__m512i; M] {
        let mut sums = start;
        let mut wide = [_mm512_setzero_si512(); M];
        let nibble = _mm512_set1_epi8(15);
        let vectors = GROUPS * BITS / 8;
        for vector in 0..vectors {
            let bytes = _mm512_loadu_si512(codes.add(vector * 64).cast());
            let (first, second) = match BITS {
                4 => (_mm512_and_si512(bytes, nibble), _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble)),
                _ => (bytes, bytes),
            };
            let at = vector * 32 / BITS;
            for m in 0..M {
                if WIDE {
                    wide[m] = _mm512_dpbusd_epi32(wide[m], first, quad(high[m].add(at)));
                    sums[m] = _mm512_dpbusd_epi32(sums[m], first, quad(low[m].add(at)));
                } else {
                    sums[m] = _mm512_dpbusd_epi32(sums[m], first, quad(high[m].add(at)));
                }
            }
            if BITS == 4 {
                for m in 0..M {
                    if WIDE {
                        wide[m] = _mm512_dpbusd_epi32(wide[m], second, quad(high[m].add(at + 4)));
                        sums[m] = _mm512_dpbusd_epi32(sums[m], second, quad(low[m].add(at + 4)));
                    } else {
                        sums[m] = _mm512_dpbusd_epi32(sums[m], second, quad(high[m].add(at + 4)));
                    }
                }
            }
        }
        if WIDE {
            for m in 0..M {
                sums[m] = _mm512_add_epi32(sums[m], _mm512_slli_epi32::<8>(wide[m]));
            }
        }
        sums
    }
}
