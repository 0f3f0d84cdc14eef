//! One output feature's weights, taken out of its panel: the embedding lookup.

use super::rows::store_some;
use crate::{
    ACTIVATION_BLOCK, PANEL, PackedLinear,
    arch::simd::Simd,
    linear::{Encoding, FloatKind, block_bytes, float_inputs},
};

/// Inputs whose codes are gathered before they are turned into floats.
const GATHERED: usize = 8 * ACTIVATION_BLOCK;

/// # Safety
/// As [`Simd`]; there must be such a row, and `out` have its length.
#[inline(always)]
pub(crate) unsafe fn row<S: Simd>(weights: &PackedLinear, row: usize, out: &mut [f32]) {
    let (panel, feature) = (row / PANEL, row % PANEL);
    let first = panel * float_inputs(weights.columns());
    match weights.encoding {
        Encoding::Float(FloatKind::F32) => {
            let inputs = &weights.codes.as_slice::<[f32; PANEL]>()[first..];
            out.iter_mut().zip(inputs).for_each(|(out, features)| *out = features[feature]);
        }
        Encoding::Float(kind) => {
            let inputs = &weights.codes.as_slice::<[u16; PANEL]>()[first..];
            for (out, inputs) in out.chunks_mut(PANEL).zip(inputs.chunks(PANEL)) {
                let mut halves = [0; PANEL];
                halves.iter_mut().zip(inputs).for_each(|(half, features)| *half = features[feature]);
                let floats = match kind {
                    FloatKind::F16 => S::load_f16(halves.as_ptr()),
                    _ => S::load_bf16(halves.as_ptr()),
                };
                store_some::<S>(out.as_mut_ptr(), out.len(), floats);
            }
        }
        Encoding::Palette { kind, .. } => {
            let palette = weights.palette(panel);
            // A power of two; as where vectors look it up, bits above an index do not count.
            let mask = palette.len() - 1;
            for (at, out) in out.chunks_mut(GATHERED).enumerate() {
                let codes = gather(weights, kind.width(), row, at * GATHERED, out.len());
                out.iter_mut().zip(codes).for_each(|(out, code)| *out = palette[usize::from(code) & mask]);
            }
        }
        Encoding::Integer { bits, .. } => {
            for (at, out) in out.chunks_mut(GATHERED).enumerate() {
                let first = at * GATHERED;
                let codes = gather(weights, bits.width(), row, first, out.len());
                for (at, out) in out.chunks_mut(PANEL).enumerate() {
                    let (scale, offset) = weights.scale_offset(row, first + at * PANEL);
                    let codes = S::to_float(S::load_bytes(codes.as_ptr().add(at * PANEL)));
                    let mut floats = S::mul(S::splat(scale), S::sub(codes, S::splat(offset)));
                    if weights.rounded {
                        floats = S::round_to_half(floats);
                    }
                    store_some::<S>(out.as_mut_ptr(), out.len(), floats);
                }
            }
        }
    }
}

/// The codes or indices, of `width` bits, of `inputs` inputs of a row from input `first` on.
#[inline(always)]
fn gather(weights: &PackedLinear, width: usize, row: usize, first: usize, inputs: usize) -> [u8; GATHERED] {
    let mut codes = [0; GATHERED];
    let (panel, feature) = (row / PANEL, row % PANEL);
    let words = &weights.codes.as_slice::<[u32; PANEL]>()[panel * weights.blocks() * block_bytes(width) / 64..];
    // A word of a feature has 32 / width inputs: four, one in the low bits of each byte, then four in the bits above.
    let mask = u32::MAX / 255 * ((1 << width) - 1);
    let words = words[first * width / 32..].iter().take((inputs * width).div_ceil(32));
    for (codes, features) in codes.chunks_exact_mut(32 / width).zip(words) {
        for (part, four) in codes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *four = ((features[feature] >> (part * width)) & mask).to_le_bytes();
        }
    }
    codes
}
