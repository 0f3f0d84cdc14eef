//! Sub-byte values as Core ML packs them: low bits first, straddling byte borders where the width does not divide eight.

/// Element `index` of values `bits` wide (1 to 8), as an unsigned code.
#[inline]
fn read_code(data: &[u8], bits: usize, index: usize) -> u8 {
    let start = index * bits;
    let (byte, shift) = (start / 8, start % 8);
    let low = u16::from(data[byte]);
    let high = if shift + bits > 8 { u16::from(data[byte + 1]) } else { 0 };
    (((low | high << 8) >> shift) as u8) & (((1u16 << bits) - 1) as u8)
}

/// The first `count` codes of values `bits` wide (1 to 8), one byte each, not sign-extended.
///
/// # Panics
/// When `data` is shorter than `count` values need.
pub fn unpack_bits(data: &[u8], bits: usize, count: usize) -> Vec<u8> {
    (0..count).map(|index| read_code(data, bits, index)).collect()
}

/// Packs the low `bits` (1 to 8) of every code; the inverse of [`unpack_bits`]. Padding bits of the last byte are zero.
pub fn pack_bits(codes: &[u8], bits: usize) -> Vec<u8> {
    let mut data = vec![0u8; (codes.len() * bits).div_ceil(8)];
    let mask = ((1u16 << bits) - 1) as u8;
    for (index, &code) in codes.iter().enumerate() {
        let start = index * bits;
        let (byte, shift) = (start / 8, start % 8);
        let value = u16::from(code & mask) << shift;
        data[byte] |= value as u8;
        if shift + bits > 8 {
            data[byte + 1] |= (value >> 8) as u8;
        }
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_bit_values_straddle_bytes() {
        // 0b001, 0b010, 0b011 → 0b11_010_001 then 0b0
        assert_eq!(pack_bits(&[1, 2, 3], 3), [0b1101_0001, 0b0]);
        assert_eq!(pack_bits(&[7, 7, 7], 3), [0xff, 0b1]);
    }

    proptest! {
        #[test]
        fn unpack_inverts_pack(bits in 1usize..=8, codes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let masked: Vec<u8> = codes.iter().map(|c| c & (((1u16 << bits) - 1) as u8)).collect();
            prop_assert_eq!(unpack_bits(&pack_bits(&codes, bits), bits, codes.len()), masked);
        }
    }
}
