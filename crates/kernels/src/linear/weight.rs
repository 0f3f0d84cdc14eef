use half::{bf16, f16};

use super::{Encoding, FloatKind, Grouping, OffsetKind, PANEL, PackedLinear, block_bytes, code_position, float_inputs};
use crate::ACTIVATION_BLOCK;

/// A table entry of a float panel or of scales.
fn entry(kind: FloatKind, bytes: &super::storage::Storage, at: usize) -> f32 {
    match kind {
        FloatKind::F16 => f16::from_bits(bytes.as_slice::<u16>()[at]).to_f32(),
        FloatKind::Bf16 => bf16::from_bits(bytes.as_slice::<u16>()[at]).to_f32(),
        FloatKind::F32 => bytes.as_slice::<f32>()[at],
    }
}

/// Single weights, read back from the packed layout: the plain meaning that the kernels are tested against.
impl PackedLinear {
    /// The unsigned code of an integer weight, or the index of one that has a palette.
    pub(crate) fn code(&self, row: usize, k: usize) -> i32 {
        let width = match self.encoding {
            Encoding::Integer { bits, .. } => bits.width(),
            Encoding::Palette { kind, .. } => kind.width(),
            Encoding::Float(_) => unreachable!("floats have no codes"),
        };
        let panel = row / PANEL * self.blocks() * block_bytes(width);
        let (at, shift) = code_position(width, row % PANEL, k);
        let byte = self.codes.as_slice::<u8>()[panel + at];
        i32::from(byte >> shift) & ((1 << width) - 1)
    }

    /// The palette of a panel.
    pub(crate) fn palette(&self, panel: usize) -> &[f32] {
        let Encoding::Palette { kind, panels } = self.encoding else { unreachable!("weights with palettes") };
        &self.scales.as_slice()[panel / panels * kind.entries()..][..kind.entries()]
    }

    /// (scale, offset) of an integer weight.
    pub(crate) fn scale_offset(&self, row: usize, k: usize) -> (f32, f32) {
        let Encoding::Integer { grouping, scales, offset, .. } = self.encoding else {
            unreachable!("only integer weights have scales")
        };
        let group = match grouping {
            Grouping::Half => k / PANEL,
            Grouping::Blocks(each) => k / (each * ACTIVATION_BLOCK),
        };
        let at = (row / PANEL * grouping.groups(self.blocks()) + group) * PANEL + row % PANEL;
        let offset = match offset {
            OffsetKind::Constant(offset) => offset as f32,
            OffsetKind::PerGroup => entry(scales, &self.offsets, at),
        };
        (entry(scales, &self.scales, at), offset)
    }

    /// Weights of a row as a package means them: f16 scales make f16 weights, each rounded once from the exact product.
    pub(crate) fn row(&self, row: usize, out: &mut [f32]) {
        let (panel, feature) = (row / PANEL, row % PANEL);
        match self.encoding {
            Encoding::Float(kind) => {
                let first = panel * float_inputs(self.columns);
                let weights = out.iter_mut().enumerate();
                weights.for_each(|(k, out)| *out = entry(kind, &self.codes, (first + k) * PANEL + feature));
            }
            Encoding::Palette { .. } => {
                let palette = self.palette(panel);
                // A power of two; bits above an index count as little here as in the vector levels.
                let mask = palette.len() - 1;
                out.iter_mut().enumerate().for_each(|(k, out)| *out = palette[self.code(row, k) as usize & mask]);
            }
            Encoding::Integer { .. } => {
                const HALF: usize = ACTIVATION_BLOCK / 2;
                for (half, out) in out.chunks_mut(HALF).enumerate() {
                    let (scale, offset) = self.scale_offset(row, half * HALF);
                    for (at, out) in out.iter_mut().enumerate() {
                        let weight = scale * (self.code(row, half * HALF + at) as f32 - offset);
                        *out = if self.rounded { f16::from_f32(weight).to_f32() } else { weight };
                    }
                }
            }
        }
    }
}
