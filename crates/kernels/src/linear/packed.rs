//! Weights in the layout of the kernels: panels of 16 output features, interleaved so that one vector register holds a few
//! inputs of all 16. One layout serves one row, a few and many, on every instruction set.
//!
//! Integer panels come in blocks of 32 inputs. In 8 bits, a block is 8 groups of 64 bytes: group j holds, for each of the
//! 16 features, the codes of inputs 4j to 4j+3, as the dot-product instructions take them. In 4 bits it is 4 groups: the
//! low halves of group j are inputs 8j to 8j+3, the high halves 8j+4 to 8j+7. Scales (and offsets) lie apart, 16 features
//! of a group of blocks together. Float panels hold the 16 features of input 0, then of input 1, and so on.

use half::f16;

use super::{BlockWeights, Floats, WeightSource, storage::Storage};
use crate::{ACTIVATION_BLOCK, KernelError, Team};

/// Output features of a panel.
pub const PANEL: usize = 16;

/// Type of a float panel's elements, or of the scales of an integer panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloatKind {
    F16,
    Bf16,
    F32,
}

/// How many bits a code takes in an integer panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeBits {
    Four,
    Eight,
}

impl CodeBits {
    /// Bytes of a block of 32 inputs of 16 features.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::Four => 256,
            Self::Eight => 512,
        }
    }
}

/// Which inputs share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grouping {
    /// 16 inputs.
    Half,
    /// So many blocks of 32 inputs (all of them for a scale per output feature).
    Blocks(usize),
}

/// What is subtracted from a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OffsetKind {
    Constant(i32),
    /// One per scale, in the type of the scales.
    PerGroup,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Float(FloatKind),
    Integer { bits: CodeBits, grouping: Grouping, scales: FloatKind, offset: OffsetKind },
}

/// A weight matrix in the kernels' layout, made once at load.
#[derive(Clone)]
pub struct PackedLinear {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) encoding: Encoding,
    /// Whether the package means each weight to be rounded to f16.
    pub(crate) rounded: bool,
    pub(crate) codes: Storage,
    pub(crate) scales: Storage,
    pub(crate) offsets: Storage,
}

/// What [`crate::Kernels::linear`] takes beside these weights for speed; floats are always accepted and give the exact path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivationKind {
    /// [`crate::QuantizedRows`].
    Quantized,
    /// Plain f32 rows.
    Float,
}

impl PackedLinear {
    /// Packs `source`, its panels shared out over `team`.
    ///
    /// # Errors
    /// [`KernelError::Length`] when a slice does not have the length that the sizes imply, [`KernelError::Unsupported`]
    /// for a form without a layout (blocks that are neither a multiple of 16 nor a whole row).
    pub fn pack(source: &WeightSource<'_>, team: &Team) -> Result<Self, KernelError> {
        source.validate()?;
        let (rows, columns) = source.shape();
        Ok(match source {
            WeightSource::Float { data, .. } => Self::pack_float(rows, columns, kind_of(data), |at| data.get(at), team),
            WeightSource::Palettes(palettes) => {
                Self::pack_float(rows, columns, kind_of(&palettes.palettes), |at| palettes.value(at), team)
            }
            WeightSource::Blocks(blocks) => Self::pack_blocks(blocks, team),
        })
    }

    /// Packs floats, given by flat position, as `kind`, which holds them without loss.
    fn pack_float(
        rows: usize,
        columns: usize,
        kind: FloatKind,
        value: impl Fn(usize) -> f32 + Sync,
        team: &Team,
    ) -> Self {
        let panels = rows.div_ceil(PANEL);
        let elements = panels * columns * PANEL;
        let fill = |panel: usize, put: &mut dyn FnMut(usize, f32)| {
            for r in 0..PANEL.min(rows - panel * PANEL) {
                let start = (panel * PANEL + r) * columns;
                (0..columns).for_each(|k| put(k * PANEL + r, value(start + k)));
            }
        };
        let mut codes = Storage::zeroed(elements * if kind == FloatKind::F32 { 4 } else { 2 });
        let chunk = columns * PANEL;
        match kind {
            FloatKind::F32 => team.for_each_chunk(&mut codes.as_mut_slice::<f32>()[..elements], chunk, |panel, out| {
                fill(panel, &mut |at, value| out[at] = value);
            }),
            FloatKind::F16 => team.for_each_chunk(&mut codes.as_mut_slice::<u16>()[..elements], chunk, |panel, out| {
                fill(panel, &mut |at, value| out[at] = f16::from_f32(value).to_bits());
            }),
            FloatKind::Bf16 => {
                team.for_each_chunk(&mut codes.as_mut_slice::<u16>()[..elements], chunk, |panel, out| {
                    fill(panel, &mut |at, value| out[at] = half::bf16::from_f32(value).to_bits());
                })
            }
        }
        Self {
            rows,
            columns,
            encoding: Encoding::Float(kind),
            rounded: false,
            codes,
            scales: Storage::default(),
            offsets: Storage::default(),
        }
    }

    fn pack_blocks(source: &BlockWeights<'_>, team: &Team) -> Self {
        let &BlockWeights { rows, columns, codes, block, scales, offsets } = source;
        let (panels, blocks) = (rows.div_ceil(PANEL), columns.div_ceil(ACTIVATION_BLOCK));
        let bits = match codes {
            super::Codes::U4(_) | super::Codes::I4(_) => CodeBits::Four,
            super::Codes::U8(_) | super::Codes::I8(_) => CodeBits::Eight,
        };
        let mut packed = Storage::zeroed(panels * blocks * bits.block_bytes());
        team.for_each_chunk(packed.as_mut_slice::<u8>(), (blocks * bits.block_bytes()).max(1), |panel, out| {
            pack_codes(source, bits, panel, out);
        });

        let grouping = match block {
            _ if block >= columns => Grouping::Blocks(blocks.max(1)),
            _ if block % ACTIVATION_BLOCK == 0 => Grouping::Blocks(block / ACTIVATION_BLOCK),
            _ => Grouping::Half,
        };
        let source_groups = columns.div_ceil(block);
        let (groups, width) = match grouping {
            Grouping::Half => (blocks * 2, PANEL),
            Grouping::Blocks(each) => (blocks.div_ceil(each), each * ACTIVATION_BLOCK),
        };
        // Where in `scales` the scale of a group lies; a block of 48 inputs is three groups of 16.
        let position = |panel: usize, group: usize, feature: usize| {
            let row = panel * PANEL + feature;
            let within = group * width < columns && row < rows;
            within.then(|| row * source_groups + group * width / block)
        };
        let bias = codes.bias() as f32;
        let exact = |value: f32| f16::from_f32(value).to_f32() == value;
        let halves = matches!(scales, Floats::F16(_))
            && offsets.is_none_or(|offsets| (0..offsets.len()).all(|at| exact(offsets.get(at) + bias)));
        let kind = if halves { FloatKind::F16 } else { FloatKind::F32 };
        let table = |value: &(dyn Fn(usize) -> f32 + Sync)| {
            let (elements, chunk) = (panels * groups * PANEL, (groups * PANEL).max(1));
            let each = |panel: usize, put: &mut dyn FnMut(usize, f32)| {
                for at in 0..groups * PANEL {
                    put(at, position(panel, at / PANEL, at % PANEL).map_or(0.0, value));
                }
            };
            let mut table = Storage::zeroed(elements * if halves { 2 } else { 4 });
            if halves {
                team.for_each_chunk(&mut table.as_mut_slice::<u16>()[..elements], chunk, |panel, out| {
                    each(panel, &mut |at, value| out[at] = f16::from_f32(value).to_bits());
                });
            } else {
                team.for_each_chunk(&mut table.as_mut_slice::<f32>()[..elements], chunk, |panel, out| {
                    each(panel, &mut |at, value| out[at] = value);
                });
            }
            table
        };
        let offset = if offsets.is_some() { OffsetKind::PerGroup } else { OffsetKind::Constant(codes.bias()) };
        Self {
            rows,
            columns,
            encoding: Encoding::Integer { bits, grouping, scales: kind, offset },
            rounded: matches!(scales, Floats::F16(_)),
            codes: packed,
            scales: table(&|at| scales.get(at)),
            offsets: offsets.map_or_else(Storage::default, |offsets| table(&|at| offsets.get(at) + bias)),
        }
    }

    /// Output features.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Input features.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Memory that the packed weights take, which is also what one pass over them reads.
    pub fn bytes(&self) -> usize {
        self.codes.bytes() + self.scales.bytes() + self.offsets.bytes()
    }

    /// Output features that workers should take together: splits at multiples of it waste nothing.
    pub fn split_granularity(&self) -> usize {
        PANEL
    }

    /// The activations that run fastest.
    pub fn activation_kind(&self) -> ActivationKind {
        match self.encoding {
            Encoding::Float(_) => ActivationKind::Float,
            Encoding::Integer { .. } => ActivationKind::Quantized,
        }
    }

    /// Blocks of 32 inputs in an integer panel.
    pub(crate) fn blocks(&self) -> usize {
        self.columns.div_ceil(ACTIVATION_BLOCK)
    }
}

fn kind_of(data: &Floats<'_>) -> FloatKind {
    match data {
        Floats::F16(_) => FloatKind::F16,
        Floats::Bf16(_) => FloatKind::Bf16,
        Floats::F32(_) => FloatKind::F32,
    }
}

/// Writes the codes of one panel.
fn pack_codes(source: &BlockWeights<'_>, bits: CodeBits, panel: usize, out: &mut [u8]) {
    let first = panel * PANEL;
    for feature in 0..PANEL.min(source.rows - first) {
        let start = (first + feature) * source.columns;
        for k in 0..source.columns {
            let code = source.codes.unsigned(start + k);
            let (at, shift) = code_position(bits, feature, k);
            out[at] |= code << shift;
        }
    }
}

/// Byte (within the panel) and shift of a code.
pub(crate) fn code_position(bits: CodeBits, feature: usize, k: usize) -> (usize, u32) {
    let (block, k) = (k / ACTIVATION_BLOCK, k % ACTIVATION_BLOCK);
    match bits {
        CodeBits::Four => (block * 256 + k / 8 * 64 + feature * 4 + k % 4, if k % 8 < 4 { 0 } else { 4 }),
        CodeBits::Eight => (block * 512 + k / 4 * 64 + feature * 4 + k % 4, 0),
    }
}
