//! Q5_1: f16 scale d, f16 minimum m, 32 fifth bits, 32 four-bit codes; weight = d·code + m.

use super::{BlockGroups, Group, fifth_bits, half_at, nibbles};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    nibbles(&block[8..24], &mut out.codes[..32]);
    fifth_bits(&block[4..8], &mut out.codes[..32]);
    out.groups[0] = Group { scale: half_at(block, 0), shift: half_at(block, 2) };
}
