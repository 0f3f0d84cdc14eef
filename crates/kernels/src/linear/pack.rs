//! From the layout of packages to the layout of the kernels.

use bytemuck::Pod;
use half::f16;
use sottovoce_tensor::Bytes;

use super::{
    BlockWeights, CodeBits, Codes, Encoding, FloatKind, Floats, Grouping, OffsetKind, PANEL, PackedLayout,
    PackedLinear, PaletteKind, PaletteWeights, WeightSource, code_position,
};
use crate::{ACTIVATION_BLOCK, KernelError, Team};

/// A matrix on its way into the kernels' layout.
#[derive(Debug, Clone, Copy)]
pub struct Packer<'a> {
    source: &'a WeightSource<'a>,
    layout: PackedLayout,
}

impl<'a> Packer<'a> {
    /// Checks `source` and decides its layout.
    ///
    /// # Errors
    /// [`KernelError::Length`] when a slice does not have the length that the sizes imply, [`KernelError::Unsupported`]
    /// for a form without a layout (blocks that are neither a multiple of 16 nor a whole row).
    pub fn new(source: &'a WeightSource<'a>) -> Result<Self, KernelError> {
        source.validate()?;
        Ok(Self { source, layout: PackedLayout::of(source) })
    }

    /// The layout that [`Packer::pack`] fills.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// Packs into `out`, whatever it holds, the panels shared out over `team`.
    ///
    /// # Panics
    /// When `out` has another length than [`PackedLayout::bytes`] or is not aligned to a cache line.
    pub fn pack(&self, out: &mut [u8], team: &Team) {
        assert_eq!((out.len(), out.as_ptr() as usize % 64), (self.layout.bytes(), 0), "bytes and their alignment");
        let mut rest = out;
        let sections = self.layout.parts().into_iter().zip(self.layout.section_bytes());
        for (index, ((count, part_bytes), section_bytes)) in sections.enumerate() {
            let (section, others) = rest.split_at_mut(section_bytes);
            rest = others;
            let (parts, padding) = section.split_at_mut(count * part_bytes);
            team.for_each_chunk(parts, part_bytes.max(1), |part, out| {
                // Features and inputs that only fill up a panel are zeros.
                out.fill(0);
                self.fill(index, part, out);
            });
            padding.fill(0);
        }
    }

    /// Writes one panel of a section, or one palette.
    fn fill(&self, section: usize, panel: usize, out: &mut [u8]) {
        let PackedLayout { rows, columns, encoding, .. } = self.layout;
        match (self.source, section) {
            (WeightSource::Palettes(source), section) if let Encoding::Palette { kind, .. } = encoding => match section
            {
                0 => pack_indices(source, kind, panel, out),
                _ => pack_palette(source, panel, out),
            },
            (WeightSource::Float { data, .. }, _) => match data {
                Floats::F16(data) => turn(rows, columns, panel, out, |at| data[at]),
                Floats::Bf16(data) => turn(rows, columns, panel, out, |at| data[at]),
                Floats::F32(data) => turn(rows, columns, panel, out, |at| data[at]),
            },
            (WeightSource::Palettes(source), _) => match source.palettes {
                Floats::F16(values) => turn(rows, columns, panel, out, |at| values[source.value_index(at)]),
                Floats::Bf16(values) => turn(rows, columns, panel, out, |at| values[source.value_index(at)]),
                Floats::F32(values) => turn(rows, columns, panel, out, |at| values[source.value_index(at)]),
            },
            (WeightSource::Blocks(source), 0) => pack_codes(source, panel, out),
            (WeightSource::Blocks(source), section) => self.pack_table(source, section, panel, out),
        }
    }

    /// Writes the scales (section 1) or the offsets (section 2) of one panel.
    fn pack_table(&self, source: &BlockWeights<'_>, section: usize, panel: usize, out: &mut [u8]) {
        let Encoding::Integer { grouping, scales: kind, .. } = self.layout.encoding else {
            unreachable!("blocks are packed as integers")
        };
        let bias = source.codes.bias() as f32;
        let value = |at: usize| match &source.offsets {
            Some(offsets) if section == 2 => offsets.get(at) + bias,
            _ => source.scales.get(at),
        };
        match (kind, source.scales) {
            (FloatKind::F16, Floats::F16(scales)) if section == 1 => {
                table(source, grouping, panel, out, |at| scales[at])
            }
            (FloatKind::F16, _) => table(source, grouping, panel, out, |at| f16::from_f32(value(at))),
            (FloatKind::F32 | FloatKind::Bf16, _) => table(source, grouping, panel, out, value),
        }
    }
}

impl PackedLinear {
    /// Packs `source` into memory of its own, its panels shared out over `team`.
    ///
    /// # Errors
    /// As [`Packer::new`].
    pub fn pack(source: &WeightSource<'_>, team: &Team) -> Result<Self, KernelError> {
        let packer = Packer::new(source)?;
        let mut bytes = Bytes::zeroed(packer.layout.bytes());
        packer.pack(bytes.make_mut(), team);
        Self::from_packed(packer.layout, &bytes)
    }
}

/// Writes a float panel of the elements that `value` gives by flat position.
fn turn<T: Pod>(rows: usize, columns: usize, panel: usize, out: &mut [u8], value: impl Fn(usize) -> T) {
    // Inputs at a time, so that the part of the panel being written stays in the first cache.
    const STEP: usize = 64;
    let out: &mut [T] = bytemuck::cast_slice_mut(out);
    for first in (0..columns).step_by(STEP) {
        for feature in 0..PANEL.min(rows - panel * PANEL) {
            let start = (panel * PANEL + feature) * columns;
            for k in first..(first + STEP).min(columns) {
                out[k * PANEL + feature] = value(start + k);
            }
        }
    }
}

/// How palettes are encoded whose features fill whole panels; `None` for others, which are packed as floats.
pub(super) fn palette_encoding(source: &PaletteWeights<'_>) -> Option<Encoding> {
    let &PaletteWeights { rows, rows_per_palette, bits, .. } = source;
    let kind = match bits {
        1 => PaletteKind::One,
        2 => PaletteKind::Two,
        3 | 4 => PaletteKind::Four,
        6 => PaletteKind::Six,
        _ => PaletteKind::Eight,
    };
    let panels = rows_per_palette.min(rows).div_ceil(PANEL).max(1);
    let whole = rows_per_palette >= rows || rows_per_palette.is_multiple_of(PANEL);
    whole.then_some(Encoding::Palette { kind, panels })
}

/// Writes a palette, over and over as far as there is room.
fn pack_palette(source: &PaletteWeights<'_>, palette: usize, out: &mut [u8]) {
    let entries = 1 << source.bits;
    for (at, entry) in bytemuck::cast_slice_mut::<_, f32>(out).iter_mut().enumerate() {
        *entry = source.palettes.get(palette * entries + at % entries);
    }
}

/// Writes the indices of one panel.
fn pack_indices(source: &PaletteWeights<'_>, kind: PaletteKind, panel: usize, out: &mut [u8]) {
    let (first, width) = (panel * PANEL, kind.width());
    let mut indices = vec![0; source.columns.next_multiple_of(ACTIVATION_BLOCK)];
    for feature in 0..PANEL.min(source.rows - first) {
        source.indices_of_row(first + feature, &mut indices);
        // Four inputs at a time make the word of a feature in a group of 64 bytes.
        for (word, indices) in indices.chunks_exact(32 / width).enumerate() {
            let fours = indices.as_chunks::<4>().0.iter().enumerate();
            let word_of = |word, (at, four): (usize, &[u8; 4])| word | u32::from_le_bytes(*four) << (at * width);
            out[word * 64 + feature * 4..][..4].copy_from_slice(&fours.fold(0, word_of).to_le_bytes());
        }
    }
}

/// How blocks are encoded.
pub(super) fn block_encoding(source: &BlockWeights<'_>) -> Encoding {
    let &BlockWeights { columns, codes, block, scales, offsets, .. } = source;
    let bits = match codes {
        Codes::U4(_) | Codes::I4(_) => CodeBits::Four,
        Codes::U8(_) | Codes::I8(_) => CodeBits::Eight,
    };
    let grouping = match block {
        _ if block >= columns => Grouping::Blocks(columns.div_ceil(ACTIVATION_BLOCK).max(1)),
        _ if block % ACTIVATION_BLOCK == 0 => Grouping::Blocks(block / ACTIVATION_BLOCK),
        _ => Grouping::Half,
    };
    let bias = codes.bias() as f32;
    let is_half = |value: f32| f16::from_f32(value).to_f32() == value;
    let offsets_are_half = offsets.is_none_or(|offsets| (0..offsets.len()).all(|at| is_half(offsets.get(at) + bias)));
    let scales = match scales {
        Floats::F16(_) if offsets_are_half => FloatKind::F16,
        _ => FloatKind::F32,
    };
    let offset = if offsets.is_some() { OffsetKind::PerGroup } else { OffsetKind::Constant(codes.bias()) };
    Encoding::Integer { bits, grouping, scales, offset }
}

/// Writes a panel of scales or offsets, which `value` gives by position in the source: \[group, 16\].
fn table<T: Pod>(
    source: &BlockWeights<'_>,
    grouping: Grouping,
    panel: usize,
    out: &mut [u8],
    value: impl Fn(usize) -> T,
) {
    let &BlockWeights { rows, columns, block, .. } = source;
    let width = match grouping {
        Grouping::Half => ACTIVATION_BLOCK / 2,
        Grouping::Blocks(each) => each * ACTIVATION_BLOCK,
    };
    let source_groups = columns.div_ceil(block);
    let out: &mut [T] = bytemuck::cast_slice_mut(out);
    // A source block of 48 inputs is three groups of 16; the last group may lie in the padding.
    for (group, out) in out.chunks_exact_mut(PANEL).enumerate().take(columns.div_ceil(width)) {
        for (feature, out) in out.iter_mut().enumerate().take(rows - panel * PANEL) {
            let row = panel * PANEL + feature;
            *out = value(row * source_groups + group * width / block);
        }
    }
}

/// Writes the codes of one panel.
fn pack_codes(source: &BlockWeights<'_>, panel: usize, out: &mut [u8]) {
    let first = panel * PANEL;
    for feature in 0..PANEL.min(source.rows - first) {
        let start = (first + feature) * source.columns;
        // Whole words as far as they go and bytes are not shared with another row; single codes for the rest.
        let done = match source.codes {
            Codes::U4(data) if source.columns.is_multiple_of(2) => {
                pack_nibbles(data, start, source.columns, 0, feature, out)
            }
            Codes::I4(data) if source.columns.is_multiple_of(2) => {
                pack_nibbles(data, start, source.columns, 0x8888_8888, feature, out)
            }
            Codes::U8(data) => pack_bytes(data, start, source.columns, 0, feature, out),
            Codes::I8(data) => pack_bytes(bytemuck::cast_slice(data), start, source.columns, 0x8080_8080, feature, out),
            _ => 0,
        };
        let bits = match source.codes {
            Codes::U4(_) | Codes::I4(_) => CodeBits::Four,
            Codes::U8(_) | Codes::I8(_) => CodeBits::Eight,
        };
        for k in done..source.columns {
            let (at, shift) = code_position(bits.width(), feature, k);
            out[at] |= source.codes.unsigned(start + k) << shift;
        }
    }
}

/// Packs groups of 8 nibbles of a row and tells how many nibbles that were. `flip` turns two's complement into unsigned.
fn pack_nibbles(data: &[u8], start: usize, columns: usize, flip: u32, feature: usize, out: &mut [u8]) -> usize {
    let words = data[start / 2..(start + columns) / 2].as_chunks::<4>().0;
    for (word, group) in words.iter().zip(out.as_chunks_mut::<64>().0) {
        let word = u32::from_le_bytes(*word) ^ flip;
        // Inputs 0 to 3 go to the low halves of four bytes, 4 to 7 to the high halves.
        let spread = |half: u32| {
            let pairs = (half | half << 8) & 0x00FF_00FF;
            (pairs | pairs << 4) & 0x0F0F_0F0F
        };
        let bytes = spread(word & 0xFFFF) | spread(word >> 16) << 4;
        group[feature * 4..feature * 4 + 4].copy_from_slice(&bytes.to_le_bytes());
    }
    words.len() * 8
}

/// Packs groups of 4 bytes of a row and tells how many bytes that were. `flip` turns two's complement into unsigned.
fn pack_bytes(data: &[u8], start: usize, columns: usize, flip: u32, feature: usize, out: &mut [u8]) -> usize {
    let words = data[start..start + columns].as_chunks::<4>().0;
    for (word, group) in words.iter().zip(out.as_chunks_mut::<64>().0) {
        let bytes = u32::from_le_bytes(*word) ^ flip;
        group[feature * 4..feature * 4 + 4].copy_from_slice(&bytes.to_le_bytes());
    }
    words.len() * 4
}
