//! Weights in the layout of the kernels: panels of 16 output features, interleaved so that one vector register holds a few
//! inputs of all 16. One layout serves one row, a few and many, on every instruction set.
//!
//! Integer panels come in blocks of 32 inputs. In 8 bits, a block is 8 groups of 64 bytes: group j holds, for each of the
//! 16 features, the codes of inputs 4j to 4j+3, as the dot-product instructions take them. In 4 bits it is 4 groups: the
//! low halves of group j are inputs 8j to 8j+3, the high halves 8j+4 to 8j+7. Scales (and offsets) lie apart, 16 features
//! of a group of blocks together. Indices into palettes lie as codes do, also in 2 and 1 bits: 64 bytes hold the first four
//! inputs in the lowest bits of each byte, the next four in the bits above. Float panels hold the 16 features of input 0,
//! then of input 1, and so on, up to a multiple of four inputs.

use super::storage::Storage;
use crate::ACTIVATION_BLOCK;

/// Output features of a panel.
pub const PANEL: usize = 16;

/// Type of a float panel's elements, or of the scales of an integer panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloatKind {
    F16,
    Bf16,
    F32,
}

impl FloatKind {
    pub fn bytes(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
        }
    }
}

/// How many bits a code takes in an integer panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeBits {
    Four,
    Eight,
}

impl CodeBits {
    /// The same as a number.
    pub fn width(self) -> usize {
        match self {
            Self::Four => 4,
            Self::Eight => 8,
        }
    }

    /// Bytes of a block of 32 inputs of 16 features.
    pub fn block_bytes(self) -> usize {
        block_bytes(self.width())
    }
}

/// Bytes of 32 codes or indices of `width` bits of 16 features.
pub(crate) fn block_bytes(width: usize) -> usize {
    ACTIVATION_BLOCK * PANEL * width / 8
}

/// How palettes and the indices into them are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PaletteKind {
    One,
    Two,
    /// Of 3 bits too.
    Four,
    Six,
    Eight,
}

impl PaletteKind {
    /// Bits that an index takes in a panel.
    pub fn width(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Six | Self::Eight => 8,
        }
    }

    /// Entries of a packed palette: what an instruction looks up in, filled by repeating smaller palettes, so that bits
    /// above an index need no masking.
    pub fn entries(self) -> usize {
        match self {
            Self::One | Self::Two | Self::Four => 16,
            Self::Six => 64,
            Self::Eight => 256,
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

impl Grouping {
    /// Scales of a row of so many blocks.
    pub fn groups(self, blocks: usize) -> usize {
        match self {
            Self::Half => blocks * 2,
            Self::Blocks(each) => blocks.div_ceil(each),
        }
    }
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
    Integer {
        bits: CodeBits,
        grouping: Grouping,
        scales: FloatKind,
        offset: OffsetKind,
    },
    /// Indices into palettes of f32, each of which serves `panels` panels in a row.
    Palette {
        kind: PaletteKind,
        panels: usize,
    },
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
    /// Scales of integers, or palettes.
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
            Encoding::Float(_) | Encoding::Palette { .. } => ActivationKind::Float,
            Encoding::Integer { .. } => ActivationKind::Quantized,
        }
    }

    /// Blocks of 32 inputs in a panel of integers or indices.
    pub(crate) fn blocks(&self) -> usize {
        self.columns.div_ceil(ACTIVATION_BLOCK)
    }
}

/// Inputs of a float panel, with those of weight 0 at its end.
pub(crate) fn float_inputs(columns: usize) -> usize {
    columns.next_multiple_of(4)
}

/// Byte (within the panel) and shift of a code or index of `width` bits.
pub(crate) fn code_position(width: usize, feature: usize, k: usize) -> (usize, usize) {
    let per_byte = 8 / width;
    (k / (4 * per_byte) * 64 + feature * 4 + k % 4, k / 4 % per_byte * width)
}
