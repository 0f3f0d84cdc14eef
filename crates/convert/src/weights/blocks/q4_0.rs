//! Q4_0: f16 scale d, 32 four-bit codes; weight = d·(code − 8).

use super::{BlockGroups, Group, half_at, nibbles};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    nibbles(&block[2..18], &mut out.codes[..32]);
    out.codes[..32].iter_mut().for_each(|code| *code -= 8);
    out.groups[0] = Group { scale: half_at(block, 0), shift: 0.0 };
}
