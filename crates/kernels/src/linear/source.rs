//! Weights as packages hold them: what can be packed.

use half::{bf16, f16};

use crate::KernelError;

/// Most elements of a matrix, so that its bytes can be counted in any type.
pub(crate) const MAX_ELEMENTS: usize = isize::MAX as usize / 8;

/// Floating-point constants in the type the package holds them in.
#[derive(Debug, Clone, Copy)]
pub enum Floats<'a> {
    /// IEEE half precision.
    F16(&'a [f16]),
    /// bfloat16.
    Bf16(&'a [bf16]),
    /// Single precision.
    F32(&'a [f32]),
}

impl Floats<'_> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::F16(data) => data.len(),
            Self::Bf16(data) => data.len(),
            Self::F32(data) => data.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Element `index` in single precision.
    ///
    /// # Panics
    /// When there is no such element.
    #[inline]
    pub fn get(&self, index: usize) -> f32 {
        match self {
            Self::F16(data) => data[index].to_f32(),
            Self::Bf16(data) => data[index].to_f32(),
            Self::F32(data) => data[index],
        }
    }
}

/// Integer codes of a row-major matrix, without gaps between rows.
#[derive(Debug, Clone, Copy)]
pub enum Codes<'a> {
    /// 0 to 15, two to a byte, the low half first.
    U4(&'a [u8]),
    /// −8 to 7 in two's complement, two to a byte, the low half first.
    I4(&'a [u8]),
    /// 0 to 255.
    U8(&'a [u8]),
    /// −128 to 127.
    I8(&'a [i8]),
}

impl Codes<'_> {
    /// All values of [`Codes::bias`].
    pub(crate) const BIASES: [i32; 3] = [0, 8, 128];

    /// How many codes the slice holds; an odd number of 4-bit codes leaves half a byte unused.
    fn holds(&self, codes: usize) -> bool {
        match self {
            Self::U4(data) | Self::I4(data) => data.len() == codes.div_ceil(2),
            Self::U8(data) => data.len() == codes,
            Self::I8(data) => data.len() == codes,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::U4(data) | Self::I4(data) | Self::U8(data) => data.len(),
            Self::I8(data) => data.len(),
        }
    }

    /// What is added to a code to make it unsigned, as the packed layout holds it.
    pub(crate) fn bias(&self) -> i32 {
        match self {
            Self::U4(_) | Self::U8(_) => 0,
            Self::I4(_) => 8,
            Self::I8(_) => 128,
        }
    }

    /// Code `index` with [`Codes::bias`] added.
    #[inline]
    pub(crate) fn unsigned(&self, index: usize) -> u8 {
        let nibble = |data: &[u8]| (data[index / 2] >> (index % 2 * 4)) & 15;
        match self {
            Self::U4(data) => nibble(data),
            Self::I4(data) => nibble(data) ^ 8,
            Self::U8(data) => data[index],
            Self::I8(data) => data[index].cast_unsigned() ^ 128,
        }
    }
}

/// Weights w = scale · (code − offset), with a scale (and an offset) per block of `block` elements of a row
/// (`constexpr_blockwise_shift_scale`, `constexpr_affine_dequantize`).
#[derive(Debug, Clone, Copy)]
pub struct BlockWeights<'a> {
    /// Output features.
    pub rows: usize,
    /// Input features.
    pub columns: usize,
    /// \[rows, columns\]
    pub codes: Codes<'a>,
    /// Elements that share a scale: a multiple of 16, or `columns` for a scale per row.
    pub block: usize,
    /// \[rows, ⌈columns ∕ block⌉\]. Their type is the type of the weights: when it is f16, the exact path rounds each weight
    /// to f16, as a package means it.
    pub scales: Floats<'a>,
    /// \[rows, ⌈columns ∕ block⌉\]; none means 0.
    pub offsets: Option<Floats<'a>>,
}

/// Weights w = palette\[index\] (`constexpr_lut_to_dense` with a vector size of 1).
#[derive(Debug, Clone, Copy)]
pub struct PaletteWeights<'a> {
    /// Output features.
    pub rows: usize,
    /// Input features.
    pub columns: usize,
    /// Bits of an index: 1, 2, 3, 4, 6 or 8.
    pub bits: u32,
    /// \[rows, columns\] indices of `bits` bits, low bits first, without gaps; 3- and 6-bit indices straddle bytes.
    pub indices: &'a [u8],
    /// \[⌈rows ∕ rows_per_palette⌉, 2^bits\]
    pub palettes: Floats<'a>,
    /// Output features that share a palette: `rows` when there is one for all.
    pub rows_per_palette: usize,
}

/// A weight matrix [rows = output features, columns = input features], row-major.
#[derive(Debug, Clone, Copy)]
pub enum WeightSource<'a> {
    /// Plain floating point.
    Float {
        /// Output features.
        rows: usize,
        /// Input features.
        columns: usize,
        /// \[rows, columns\]
        data: Floats<'a>,
    },
    /// Integers with scales.
    Blocks(BlockWeights<'a>),
    /// Indices into palettes.
    Palettes(PaletteWeights<'a>),
}

impl WeightSource<'_> {
    /// (output features, input features)
    pub fn shape(&self) -> (usize, usize) {
        match *self {
            Self::Float { rows, columns, .. } => (rows, columns),
            Self::Blocks(ref blocks) => (blocks.rows, blocks.columns),
            Self::Palettes(ref palettes) => (palettes.rows, palettes.columns),
        }
    }

    /// Checks every length against the sizes.
    pub(crate) fn validate(&self) -> Result<(), KernelError> {
        let (rows, columns) = self.shape();
        let unsupported = |what: String| KernelError::Unsupported { rows, columns, what };
        let elements = rows.checked_mul(columns).filter(|&elements| elements <= MAX_ELEMENTS);
        let elements = elements.ok_or_else(|| unsupported("a matrix of that many elements".into()))?;
        let check = |what, found, expected| {
            let error = KernelError::Length { rows, columns, what, found, expected };
            if found == expected { Ok(()) } else { Err(error) }
        };
        match self {
            Self::Float { data, .. } => check("data", data.len(), elements),
            Self::Blocks(BlockWeights { codes, block, scales, offsets, .. }) => {
                if *block == 0 || (block % 16 != 0 && *block < columns) {
                    return Err(unsupported(format!("a block of {block}")));
                }
                let expected = match codes {
                    Codes::U4(_) | Codes::I4(_) => elements.div_ceil(2),
                    Codes::U8(_) | Codes::I8(_) => elements,
                };
                if !codes.holds(elements) {
                    check("codes (bytes)", codes.bytes(), expected)?;
                }
                let groups = rows * columns.div_ceil(*block);
                check("scales", scales.len(), groups)?;
                offsets.map_or(Ok(()), |offsets| check("offsets", offsets.len(), groups))
            }
            Self::Palettes(PaletteWeights { bits, indices, palettes, rows_per_palette, .. }) => {
                if !matches!(bits, 1 | 2 | 3 | 4 | 6 | 8) {
                    return Err(unsupported(format!("a palette of {bits} bits")));
                }
                if *rows_per_palette == 0 {
                    return Err(unsupported("a palette for no rows".into()));
                }
                let bytes = (elements * *bits as usize).div_ceil(8);
                check("indices (bytes)", indices.len(), bytes)?;
                check("palettes", palettes.len(), rows.div_ceil(*rows_per_palette) << bits)
            }
        }
    }
}

impl PaletteWeights<'_> {
    /// Index `at` of the flat matrix.
    #[inline]
    pub(crate) fn index(&self, at: usize) -> usize {
        let (bit, bits) = (at * self.bits as usize, self.bits);
        let low = u16::from(self.indices[bit / 8]);
        let high = u16::from(self.indices.get(bit / 8 + 1).copied().unwrap_or(0));
        usize::from(((high << 8 | low) >> (bit % 8)) & ((1 << bits) - 1))
    }

    /// The indices of a row, into the start of `out`.
    pub(crate) fn indices_of_row(&self, row: usize, out: &mut [u8]) {
        let (start, bits) = (row * self.columns, self.bits as usize);
        // Eight indices take `bits` bytes, whole ones where the row starts with a byte.
        let (first, aligned) = (start * bits / 8, (start * bits).is_multiple_of(8));
        let whole = if aligned { self.columns / 8 * 8 } else { 0 };
        let eights = out[..whole].as_chunks_mut::<8>().0.iter_mut();
        for (out, bytes) in eights.zip(self.indices[first..].chunks_exact(bits)) {
            let mut word = [0; 8];
            word[..bits].copy_from_slice(bytes);
            let word = u64::from_le_bytes(word);
            let mask = (1 << bits) - 1;
            out.iter_mut().enumerate().for_each(|(at, out)| *out = ((word >> (at * bits)) & mask) as u8);
        }
        (whole..self.columns).for_each(|k| out[k] = self.index(start + k) as u8);
    }

    /// Position in `palettes` of weight `at` of the flat matrix.
    #[inline]
    pub(crate) fn value_index(&self, at: usize) -> usize {
        let palette = at / self.columns / self.rows_per_palette;
        (palette << self.bits) + self.index(at)
    }
}
