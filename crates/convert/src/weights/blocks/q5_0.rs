//! Q5_0: f16 scale d, 32 fifth bits, 32 four-bit codes; weight = d·(code − 16).

use super::{BlockGroups, Group, fifth_bits, half_at, nibbles};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    nibbles(&block[6..22], &mut out.codes[..32]);
    fifth_bits(&block[2..6], &mut out.codes[..32]);
    out.codes[..32].iter_mut().for_each(|code| *code -= 16);
    out.groups[0] = Group { scale: half_at(block, 0), shift: 0.0 };
}
