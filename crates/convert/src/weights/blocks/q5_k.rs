//! Q5_K: as Q4_K with a fifth bit per code; bit `i` of the 32 high bytes belongs to sub-block `i`.

use super::{BlockGroups, Group, half_at, nibbles, scale_and_min};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    let (d, d_min) = (half_at(block, 0), half_at(block, 2));
    let high = &block[16..48];
    for (packed, codes) in block[48..176].chunks_exact(32).zip(out.codes.chunks_exact_mut(64)) {
        nibbles(packed, codes);
    }
    for (index, codes) in out.codes.chunks_exact_mut(32).enumerate() {
        for (code, &bits) in codes.iter_mut().zip(high) {
            *code |= ((bits >> index & 1) << 4) as i8;
        }
        let (scale, min) = scale_and_min(&block[4..16], index);
        out.groups[index] = Group { scale: d * scale, shift: -(d_min * min) };
    }
}
