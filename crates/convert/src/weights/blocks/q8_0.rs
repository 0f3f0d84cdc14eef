//! Q8_0: f16 scale d, 32 signed bytes; weight = d·code.

use super::{BlockGroups, Group, half_at};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    for (code, &byte) in out.codes.iter_mut().zip(&block[2..34]) {
        *code = byte as i8;
    }
    out.groups[0] = Group { scale: half_at(block, 0), shift: 0.0 };
}
