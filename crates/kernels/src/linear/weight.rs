use half::{bf16, f16};

use super::{Encoding, FloatKind, Grouping, OffsetKind, PANEL, PackedLinear, code_position};
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
    /// The unsigned code of an integer weight.
    pub(crate) fn code(&self, row: usize, k: usize) -> i32 {
        let Encoding::Integer { bits, .. } = self.encoding else { unreachable!("only integer weights have codes") };
        let panel = row / PANEL * self.blocks() * bits.block_bytes();
        let (at, shift) = code_position(bits, row % PANEL, k);
        let byte = self.codes.as_slice::<u8>()[panel + at];
        let mask = if bits == super::CodeBits::Four { 15 } else { 255 };
        i32::from((byte >> shift) & mask)
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
        let Encoding::Integer { .. } = self.encoding else {
            return out.iter_mut().enumerate().for_each(|(k, out)| *out = self.weight(row, k));
        };
        const HALF: usize = ACTIVATION_BLOCK / 2;
        for (half, out) in out.chunks_mut(HALF).enumerate() {
            let (scale, offset) = self.scale_offset(row, half * HALF);
            for (at, out) in out.iter_mut().enumerate() {
                let weight = scale * (self.code(row, half * HALF + at) as f32 - offset);
                *out = if self.rounded { f16::from_f32(weight).to_f32() } else { weight };
            }
        }
    }

    /// A float weight.
    fn weight(&self, row: usize, k: usize) -> f32 {
        let Encoding::Float(kind) = self.encoding else { unreachable!("only float panels hold weights") };
        entry(kind, &self.codes, (row / PANEL * self.columns + k) * PANEL + row % PANEL)
    }
}
