//! Q4_K: 256 weights in eight sub-blocks; f16 d and dmin, 6-bit scales s and minima t, four-bit codes;
//! weight = d·s·code − dmin·t. Each 32 bytes hold two sub-blocks, one in the low nibbles and one in the high.

use super::{BlockGroups, Group, half_at, nibbles, scale_and_min};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    for (packed, codes) in block[16..144].chunks_exact(32).zip(out.codes.chunks_exact_mut(64)) {
        nibbles(packed, codes);
    }
    for index in 0..8 {
        let (scale, min) = scale_and_min(&block[4..16], index);
        out.groups[index] = Group { scale: d * scale, shift: -(d_min * min) };
    }
}
