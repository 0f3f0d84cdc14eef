//! Q6_K: 256 weights in sixteen groups of 16; four low bits and two high bits per code, signed 8-bit scales s, f16 d;
//! weight = d·s·(code − 32). Each half of the block interleaves four runs of 32 codes.

use super::{BlockGroups, Group, half_at};

pub(super) fn unpack(block: &[u8], out: &mut BlockGroups) {
    let d = half_at(block, 208);
    for half in 0..2 {
        let low = &block[half * 64..][..64];
        let high = &block[128 + half * 32..][..32];
        let codes = &mut out.codes[half * 128..][..128];
        for lane in 0..32 {
            let bits = high[lane];
            let run = |nibble: u8, shift: u32| (nibble | (bits >> shift & 3) << 4) as i8 - 32;
            codes[lane] = run(low[lane] & 0x0f, 0);
            codes[lane + 32] = run(low[lane + 32] & 0x0f, 2);
            codes[lane + 64] = run(low[lane] >> 4, 4);
            codes[lane + 96] = run(low[lane + 32] >> 4, 6);
        }
    }
    for (group, &scale) in out.groups.iter_mut().zip(&block[192..208]) {
        *group = Group { scale: d * f32::from(scale as i8), shift: 0.0 };
    }
}
