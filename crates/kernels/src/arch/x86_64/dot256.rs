//! Products of bytes with registers of 256 bits: all in which the levels of that width differ.

use std::arch::x86_64::*;

/// The integer part of [`crate::arch::simd::Simd`]; functions mean what they mean there.
#[allow(clippy::missing_safety_doc)]
pub(crate) trait Dot: Copy + 'static {
    unsafe fn dot_bytes(sum: __m256i, a: __m256i, b: __m256i) -> __m256i;
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[__m256i; 2]; M],
    ) -> [[__m256i; 2]; M];
}

/// AVX2 alone: products of 16 bits are summed in pairs.
#[derive(Clone, Copy)]
pub(crate) struct Pairs;

/// VNNI: four products are added to a sum at once. In the encoding of AVX-VNNI if `VEX`, else in that of AVX-512 VL.
#[derive(Clone, Copy)]
pub(crate) struct Vnni<const VEX: bool>;

/// Four bytes for every lane.
#[inline(always)]
unsafe fn quad(from: *const i8) -> __m256i {
    _mm256_set1_epi32(from.cast::<i32>().read_unaligned())
}

/// 16-bit products of unsigned nibbles and bytes, summed over the groups of a block: 8 · 2 · 15 · 128 fits.
#[inline(always)]
unsafe fn nibble_dot<const GROUPS: usize>(codes: *const u8, x: *const i8) -> __m256i {
    let nibble = _mm256_set1_epi8(15);
    let mut sum = _mm256_setzero_si256();
    for vector in 0..GROUPS / 2 {
        let bytes = _mm256_loadu_si256(codes.add(vector * 64).cast());
        let first = _mm256_and_si256(bytes, nibble);
        let second = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble);
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(first, quad(x.add(vector * 8))));
        sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(second, quad(x.add(vector * 8 + 4))));
    }
    _mm256_madd_epi16(sum, _mm256_set1_epi16(1))
}

/// Products of unsigned bytes and 16-bit integers, which lie in `pairs` as (0, 2) and (1, 3) of each group of 4.
#[inline(always)]
unsafe fn byte_dot<const GROUPS: usize>(codes: *const u8, pairs: &[[i32; 8]; 2]) -> __m256i {
    let mut sum = _mm256_setzero_si256();
    for group in 0..GROUPS {
        let bytes = _mm256_loadu_si256(codes.add(group * 64).cast());
        let even = _mm256_and_si256(bytes, _mm256_set1_epi16(255));
        let odd = _mm256_srli_epi16::<8>(bytes);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(even, _mm256_set1_epi32(pairs[0][group])));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(odd, _mm256_set1_epi32(pairs[1][group])));
    }
    sum
}

/// Loads `GROUPS` · 4 bytes, the rest zero.
#[inline(always)]
unsafe fn load_groups<const GROUPS: usize>(from: *const i8) -> __m256i {
    match GROUPS {
        8 => _mm256_loadu_si256(from.cast()),
        _ => _mm256_zextsi128_si256(_mm_loadu_si128(from.cast())),
    }
}

/// What [`byte_dot`] takes: even and odd elements as 16-bit integers.
#[inline(always)]
unsafe fn pairs<const WIDE: bool, const GROUPS: usize>(high: *const i8, low: *const i8) -> [[i32; 8]; 2] {
    let high = load_groups::<GROUPS>(high);
    let high_even = _mm256_slli_epi16::<8>(high);
    let (even, odd) = if WIDE {
        let low = load_groups::<GROUPS>(low);
        let even = _mm256_add_epi16(high_even, _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(low)));
        let high_odd = _mm256_andnot_si256(_mm256_set1_epi16(255), high);
        (even, _mm256_add_epi16(high_odd, _mm256_srai_epi16::<8>(low)))
    } else {
        (_mm256_srai_epi16::<8>(high_even), _mm256_srai_epi16::<8>(high))
    };
    let mut pairs = [[0; 8]; 2];
    _mm256_storeu_si256(pairs[0].as_mut_ptr().cast(), even);
    _mm256_storeu_si256(pairs[1].as_mut_ptr().cast(), odd);
    pairs
}

impl Dot for Pairs {
    #[inline(always)]
    unsafe fn dot_bytes(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1)))
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[__m256i; 2]; M],
    ) -> [[__m256i; 2]; M] {
        let mut sums = start;
        for m in 0..M {
            let pairs = if BITS == 8 { pairs::<WIDE, GROUPS>(high[m], low[m]) } else { [[0; 8]; 2] };
            for half in 0..2 {
                let codes = codes.add(half * 32);
                let dot = if BITS == 8 {
                    byte_dot::<GROUPS>(codes, &pairs)
                } else if WIDE {
                    let wide = _mm256_slli_epi32::<8>(nibble_dot::<GROUPS>(codes, high[m]));
                    _mm256_add_epi32(wide, nibble_dot::<GROUPS>(codes, low[m]))
                } else {
                    nibble_dot::<GROUPS>(codes, high[m])
                };
                sums[m][half] = _mm256_add_epi32(sums[m][half], dot);
            }
        }
        sums
    }
}

impl<const VEX: bool> Dot for Vnni<VEX> {
    #[inline(always)]
    unsafe fn dot_bytes(sum: __m256i, a: __m256i, b: __m256i) -> __m256i {
        if VEX { _mm256_dpbusd_avx_epi32(sum, a, b) } else { _mm256_dpbusd_epi32(sum, a, b) }
    }

    #[inline(always)]
    unsafe fn dot<const M: usize, const BITS: usize, const WIDE: bool, const GROUPS: usize>(
        codes: *const u8,
        high: [*const i8; M],
        low: [*const i8; M],
        start: [[__m256i; 2]; M],
    ) -> [[__m256i; 2]; M] {
        let mut sums = start;
        // One half of the features after the other: the sums of both would not fit in the registers.
        for half in 0..2 {
            let mut wide = [_mm256_setzero_si256(); M];
            for vector in 0..GROUPS * BITS / 8 {
                let bytes = _mm256_loadu_si256(codes.add(vector * 64 + half * 32).cast());
                for part in 0..8 / BITS {
                    let codes = match BITS {
                        4 if part == 0 => _mm256_and_si256(bytes, _mm256_set1_epi8(15)),
                        4 => _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15)),
                        _ => bytes,
                    };
                    let at = vector * 32 / BITS + part * 4;
                    for m in 0..M {
                        let first = if WIDE { &mut wide[m] } else { &mut sums[m][half] };
                        *first = Self::dot_bytes(*first, codes, quad(high[m].add(at)));
                        if WIDE {
                            sums[m][half] = Self::dot_bytes(sums[m][half], codes, quad(low[m].add(at)));
                        }
                    }
                }
            }
            if WIDE {
                for m in 0..M {
                    sums[m][half] = _mm256_add_epi32(sums[m][half], _mm256_slli_epi32::<8>(wide[m]));
                }
            }
        }
        sums
    }
}
