//! Weights in the layout of the kernels: panels of 16 output features, interleaved so that one vector register holds a few
//! inputs of all 16. One layout serves one row, a few and many, on every instruction set.
//!
//! Integer panels come in blocks of 32 inputs. In 8 bits, a block is 8 groups of 64 bytes: group j holds, for each of the
//! 16 features, the codes of inputs 4j to 4j+3, as the dot-product instructions take them. In 4 bits it is 4 groups: the
//! low halves of group j are inputs 8j to 8j+3, the high halves 8j+4 to 8j+7. Scales (and offsets) lie apart, 16 features
//! of a group of blocks together. Float panels hold the 16 features of input 0, then of input 1, and so on.

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

/// Byte (within the panel) and shift of a code.
pub(crate) fn code_position(bits: CodeBits, feature: usize, k: usize) -> (usize, u32) {
    let (block, k) = (k / ACTIVATION_BLOCK, k % ACTIVATION_BLOCK);
    match bits {
        CodeBits::Four => (block * 256 + k / 8 * 64 + feature * 4 + k % 4, if k % 8 < 4 { 0 } else { 4 }),
        CodeBits::Eight => (block * 512 + k / 4 * 64 + feature * 4 + k % 4, 0),
    }
}
