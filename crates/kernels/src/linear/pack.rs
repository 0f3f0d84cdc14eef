//! From the layout of packages to the layout of the kernels.

use bytemuck::Pod;
use half::f16;

use super::{
    BlockWeights, CodeBits, Codes, Encoding, FloatKind, Floats, Grouping, OffsetKind, PANEL, PackedLinear,
    PaletteWeights, WeightSource, code_position, storage::Storage,
};
use crate::{ACTIVATION_BLOCK, KernelError, Team};

impl PackedLinear {
    /// Packs `source`, its panels shared out over `team`.
    ///
    /// # Errors
    /// [`KernelError::Length`] when a slice does not have the length that the sizes imply, [`KernelError::Unsupported`]
    /// for a form without a layout (blocks that are neither a multiple of 16 nor a whole row).
    pub fn pack(source: &WeightSource<'_>, team: &Team) -> Result<Self, KernelError> {
        source.validate()?;
        let (rows, columns) = source.shape();
        let float = |kind, codes| Self {
            rows,
            columns,
            encoding: Encoding::Float(kind),
            rounded: false,
            codes,
            scales: Storage::default(),
            offsets: Storage::default(),
        };
        Ok(match source {
            WeightSource::Float { data, .. } => match data {
                Floats::F16(data) => float(FloatKind::F16, turn(rows, columns, |at| data[at], team)),
                Floats::Bf16(data) => float(FloatKind::Bf16, turn(rows, columns, |at| data[at], team)),
                Floats::F32(data) => float(FloatKind::F32, turn(rows, columns, |at| data[at], team)),
            },
            WeightSource::Palettes(palettes) => match palettes.palettes {
                Floats::F16(values) => float(FloatKind::F16, look_up(palettes, values, team)),
                Floats::Bf16(values) => float(FloatKind::Bf16, look_up(palettes, values, team)),
                Floats::F32(values) => float(FloatKind::F32, look_up(palettes, values, team)),
            },
            WeightSource::Blocks(blocks) => pack_blocks(blocks, team),
        })
    }
}

/// Float panels of the elements that `value` gives by flat position.
fn turn<T: Pod + Send>(rows: usize, columns: usize, value: impl Fn(usize) -> T + Sync, team: &Team) -> Storage {
    // Inputs at a time, so that the part of the panel being written stays in the first cache.
    const STEP: usize = 64;
    let elements = rows.div_ceil(PANEL) * columns * PANEL;
    let mut panels = Storage::zeroed(elements * size_of::<T>());
    let out = &mut panels.as_mut_slice::<T>()[..elements];
    team.for_each_chunk(out, (columns * PANEL).max(1), |panel, out| {
        for first in (0..columns).step_by(STEP) {
            for feature in 0..PANEL.min(rows - panel * PANEL) {
                let start = (panel * PANEL + feature) * columns;
                for k in first..(first + STEP).min(columns) {
                    out[k * PANEL + feature] = value(start + k);
                }
            }
        }
    });
    panels
}

/// Float panels of palette weights.
fn look_up<T: Pod + Send + Sync>(source: &PaletteWeights<'_>, values: &[T], team: &Team) -> Storage {
    turn(source.rows, source.columns, |at| values[source.value_index(at)], team)
}

fn pack_blocks(source: &BlockWeights<'_>, team: &Team) -> PackedLinear {
    let &BlockWeights { rows, columns, codes, block, scales, offsets } = source;
    let blocks = columns.div_ceil(ACTIVATION_BLOCK);
    let bits = match codes {
        Codes::U4(_) | Codes::I4(_) => CodeBits::Four,
        Codes::U8(_) | Codes::I8(_) => CodeBits::Eight,
    };
    let panel_bytes = blocks * bits.block_bytes();
    let mut packed = Storage::zeroed(rows.div_ceil(PANEL) * panel_bytes);
    team.for_each_chunk(packed.as_mut_slice::<u8>(), panel_bytes.max(1), |panel, out| pack_codes(source, panel, out));

    let grouping = match block {
        _ if block >= columns => Grouping::Blocks(blocks.max(1)),
        _ if block % ACTIVATION_BLOCK == 0 => Grouping::Blocks(block / ACTIVATION_BLOCK),
        _ => Grouping::Half,
    };
    let bias = codes.bias() as f32;
    let is_half = |value: f32| f16::from_f32(value).to_f32() == value;
    let offsets_are_half = offsets.is_none_or(|offsets| (0..offsets.len()).all(|at| is_half(offsets.get(at) + bias)));
    let rounded = matches!(scales, Floats::F16(_));
    let (kind, scale_table, offset_table) = match scales {
        Floats::F16(scales) if offsets_are_half => (
            FloatKind::F16,
            table(source, grouping, |at| scales[at], team),
            offsets.map(|offsets| table(source, grouping, |at| f16::from_f32(offsets.get(at) + bias), team)),
        ),
        _ => (
            FloatKind::F32,
            table(source, grouping, |at| scales.get(at), team),
            offsets.map(|offsets| table(source, grouping, |at| offsets.get(at) + bias, team)),
        ),
    };
    let offset = if offsets.is_some() { OffsetKind::PerGroup } else { OffsetKind::Constant(codes.bias()) };
    PackedLinear {
        rows,
        columns,
        encoding: Encoding::Integer { bits, grouping, scales: kind, offset },
        rounded,
        codes: packed,
        scales: scale_table,
        offsets: offset_table.unwrap_or_default(),
    }
}

/// Scales or offsets, which `value` gives by position in the source, in panels: \[panel, group, 16\], 0 where there is none.
fn table<T: Pod + Send>(
    source: &BlockWeights<'_>,
    grouping: Grouping,
    value: impl Fn(usize) -> T + Sync,
    team: &Team,
) -> Storage {
    let &BlockWeights { rows, columns, block, .. } = source;
    let blocks = columns.div_ceil(ACTIVATION_BLOCK);
    let (groups, width) = match grouping {
        Grouping::Half => (blocks * 2, ACTIVATION_BLOCK / 2),
        Grouping::Blocks(each) => (blocks.div_ceil(each), each * ACTIVATION_BLOCK),
    };
    let source_groups = columns.div_ceil(block);
    let elements = rows.div_ceil(PANEL) * groups * PANEL;
    let mut table = Storage::zeroed(elements * size_of::<T>());
    let out = &mut table.as_mut_slice::<T>()[..elements];
    team.for_each_chunk(out, (groups * PANEL).max(1), |panel, out| {
        // A source block of 48 inputs is three groups of 16; the last group may lie in the padding.
        for group in 0..groups.min(columns.div_ceil(width)) {
            for feature in 0..PANEL.min(rows - panel * PANEL) {
                let row = panel * PANEL + feature;
                out[group * PANEL + feature] = value(row * source_groups + group * width / block);
            }
        }
    });
    table
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
            let (at, shift) = code_position(bits, feature, k);
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
