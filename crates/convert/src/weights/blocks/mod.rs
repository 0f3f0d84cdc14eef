//! The quantised block formats, one file each. Every format is a run of small signed codes in groups that share one affine
//! map, `weight = scale·code + shift`, so that dequantising and carrying codes over unchanged read the same unpacked form.

mod q4_0;
mod q4_1;
mod q4_k;
mod q5_0;
mod q5_1;
mod q5_k;
mod q6_k;
mod q8_0;

use half::f16;

use super::WeightFormat;

/// The affine map of a group: `weight = scale·code + shift`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub scale: f32,
    pub shift: f32,
}

/// One unpacked block: up to 256 codes, and the maps of its groups in order.
pub(crate) struct BlockGroups {
    pub codes: [i8; 256],
    pub groups: [Group; 16],
}

impl BlockGroups {
    pub(crate) fn new() -> Self {
        Self { codes: [0; 256], groups: [Group::default(); 16] }
    }
}

/// Unpacks one block of a quantised format.
///
/// # Panics
/// When `block` is shorter than [`WeightFormat::block_bytes`] or the format has no blocks.
pub(crate) fn unpack_block(format: WeightFormat, block: &[u8], out: &mut BlockGroups) {
    match format {
        WeightFormat::Q4_0 => q4_0::unpack(block, out),
        WeightFormat::Q4_1 => q4_1::unpack(block, out),
        WeightFormat::Q5_0 => q5_0::unpack(block, out),
        WeightFormat::Q5_1 => q5_1::unpack(block, out),
        WeightFormat::Q8_0 => q8_0::unpack(block, out),
        WeightFormat::Q4_K => q4_k::unpack(block, out),
        WeightFormat::Q5_K => q5_k::unpack(block, out),
        WeightFormat::Q6_K => q6_k::unpack(block, out),
        WeightFormat::F32 | WeightFormat::F16 | WeightFormat::BF16 => unreachable!("floats have no blocks"),
    }
}

/// The little-endian f16 at `offset`.
fn half_at(block: &[u8], offset: usize) -> f32 {
    f16::from_le_bytes([block[offset], block[offset + 1]]).to_f32()
}

/// Writes the nibbles of 16 bytes as ggml orders them: low nibbles first, then high nibbles.
fn nibbles(packed: &[u8], codes: &mut [i8]) {
    let half = packed.len();
    for (index, &byte) in packed.iter().enumerate() {
        codes[index] = (byte & 0x0f) as i8;
        codes[index + half] = (byte >> 4) as i8;
    }
}

/// Adds the fifth bit of 32 codes, one bit of `high` each, low bits first.
fn fifth_bits(high: &[u8], codes: &mut [i8]) {
    for (index, code) in codes.iter_mut().enumerate() {
        *code |= ((high[index / 8] >> (index % 8) & 1) << 4) as i8;
    }
}

/// Scale and minimum of sub-block `index` (of eight) from the 12 bytes that Q4_K and Q5_K pack them into, 6 bits each.
fn scale_and_min(packed: &[u8], index: usize) -> (f32, f32) {
    let (scale, min) = if index < 4 {
        (packed[index] & 63, packed[index + 4] & 63)
    } else {
        let low = packed[index + 4];
        (low & 0x0f | packed[index - 4] >> 6 << 4, low >> 4 | packed[index] >> 6 << 4)
    };
    (scale.into(), min.into())
}
