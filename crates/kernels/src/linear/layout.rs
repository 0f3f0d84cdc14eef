//! What is known of a packed matrix beside its bytes: enough to place them before they are packed, and to find them again in
//! a file.

use sottovoce_tensor::Bytes;

use super::{
    CodeBits, Codes, Encoding, FloatKind, Floats, Grouping, OffsetKind, PANEL, PackedLinear, PaletteKind, WeightSource,
    block_bytes, float_inputs,
    pack::{block_encoding, palette_encoding},
    source::MAX_ELEMENTS,
    storage::Storage,
};
use crate::{ACTIVATION_BLOCK, KernelError};

/// Version of the packed layout: bytes that were packed by another version mean something else.
pub const PACKED_VERSION: u32 = 2;

/// Size, encoding and sections of a packed matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackedLayout {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) encoding: Encoding,
    pub(super) rounded: bool,
}

impl PackedLayout {
    /// Bytes of [`PackedLayout::to_record`].
    pub const RECORD_BYTES: usize = 40;

    /// How `source` is packed, which must be valid.
    pub(super) fn of(source: &WeightSource<'_>) -> Self {
        let (rows, columns) = source.shape();
        let float = |values: &Floats<'_>| {
            let kind = match values {
                Floats::F16(_) => FloatKind::F16,
                Floats::Bf16(_) => FloatKind::Bf16,
                Floats::F32(_) => FloatKind::F32,
            };
            (Encoding::Float(kind), false)
        };
        let (encoding, rounded) = match source {
            WeightSource::Float { data, .. } => float(data),
            WeightSource::Palettes(palettes) => match palette_encoding(palettes) {
                Some(encoding) => (encoding, false),
                None => float(&palettes.palettes),
            },
            WeightSource::Blocks(blocks) => (block_encoding(blocks), matches!(blocks.scales, Floats::F16(_))),
        };
        Self { rows, columns, encoding, rounded }
    }

    /// Panels of 16 output features.
    pub(super) fn panels(&self) -> usize {
        self.rows.div_ceil(PANEL)
    }

    /// How many parts a section has, and bytes of one: codes (or floats) of a panel, its scales (or a palette), offsets.
    pub(super) fn parts(&self) -> [(usize, usize); 3] {
        let (panels, blocks) = (self.panels(), self.columns.div_ceil(ACTIVATION_BLOCK));
        match self.encoding {
            Encoding::Float(kind) => [(panels, float_inputs(self.columns) * PANEL * kind.bytes()), (0, 0), (0, 0)],
            Encoding::Palette { kind, panels: each } => [
                (panels, blocks * block_bytes(kind.width())),
                (panels.div_ceil(each), kind.entries() * size_of::<f32>()),
                (0, 0),
            ],
            Encoding::Integer { bits, grouping, scales, offset } => {
                let table = grouping.groups(blocks) * PANEL * scales.bytes();
                let offsets = match offset {
                    OffsetKind::Constant(_) => 0,
                    OffsetKind::PerGroup => table,
                };
                [(panels, blocks * bits.block_bytes()), (panels, table), (panels, offsets)]
            }
        }
    }

    /// Bytes of each section: all parts, up to a whole cache line.
    pub(super) fn section_bytes(&self) -> [usize; 3] {
        self.parts().map(|(count, bytes)| (count * bytes).next_multiple_of(64))
    }

    /// Bytes of all sections, one after the other.
    pub fn bytes(&self) -> usize {
        self.section_bytes().iter().sum()
    }

    /// The layout in a form to keep beside the bytes. It means the same on every machine, and only to the same
    /// [`PACKED_VERSION`].
    pub fn to_record(&self) -> [u8; Self::RECORD_BYTES] {
        let (form, bits, grouping, kind, offset) = match self.encoding {
            Encoding::Float(kind) => (0, 0, 0, kind, 0),
            Encoding::Palette { kind, panels } => {
                let bits = match kind {
                    PaletteKind::One => 1,
                    PaletteKind::Two => 2,
                    PaletteKind::Four => 4,
                    PaletteKind::Six => 6,
                    PaletteKind::Eight => 8,
                };
                (2, bits, panels as u64, FloatKind::F32, 0)
            }
            Encoding::Integer { bits, grouping, scales, offset } => {
                let bits = match bits {
                    CodeBits::Four => 4,
                    CodeBits::Eight => 8,
                };
                let grouping = match grouping {
                    Grouping::Half => 0,
                    Grouping::Blocks(each) => each as u64,
                };
                let offset = match offset {
                    OffsetKind::Constant(offset) => i64::from(offset),
                    OffsetKind::PerGroup => -1,
                };
                (1, bits, grouping, scales, offset)
            }
        };
        let kind = match kind {
            FloatKind::F16 => 0,
            FloatKind::Bf16 => 1,
            FloatKind::F32 => 2,
        };
        let mut record = [0; Self::RECORD_BYTES];
        record[..8].copy_from_slice(&(self.rows as u64).to_le_bytes());
        record[8..16].copy_from_slice(&(self.columns as u64).to_le_bytes());
        record[16..24].copy_from_slice(&grouping.to_le_bytes());
        record[24..32].copy_from_slice(&offset.to_le_bytes());
        record[32..36].copy_from_slice(&[form, bits, kind, u8::from(self.rounded)]);
        record
    }

    /// The layout of a record. `None` for one that no packed matrix has.
    pub fn from_record(record: &[u8; Self::RECORD_BYTES]) -> Option<Self> {
        let word = |at: usize| record[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
        let size = |at| usize::try_from(word(at)?).ok();
        let (rows, columns) = (size(0)?, size(8)?);
        let padded = columns.max(1).checked_next_multiple_of(ACTIVATION_BLOCK)?;
        let panels = rows.div_ceil(PANEL);
        let elements = panels.checked_mul(PANEL)?.checked_mul(padded);
        elements.filter(|&elements| elements <= MAX_ELEMENTS)?;
        let kind = [FloatKind::F16, FloatKind::Bf16, FloatKind::F32].get(usize::from(record[34])).copied()?;
        let encoding = match record[32] {
            0 => Encoding::Float(kind),
            1 if kind != FloatKind::Bf16 => Encoding::Integer {
                bits: match record[33] {
                    4 => CodeBits::Four,
                    8 => CodeBits::Eight,
                    _ => return None,
                },
                grouping: match size(16)? {
                    0 => Grouping::Half,
                    each if each <= columns.div_ceil(ACTIVATION_BLOCK).max(1) => Grouping::Blocks(each),
                    _ => return None,
                },
                scales: kind,
                offset: match word(24)?.cast_signed() {
                    -1 => OffsetKind::PerGroup,
                    bias => OffsetKind::Constant(Codes::BIASES.into_iter().find(|&known| i64::from(known) == bias)?),
                },
            },
            2 => Encoding::Palette {
                kind: match record[33] {
                    1 => PaletteKind::One,
                    2 => PaletteKind::Two,
                    4 => PaletteKind::Four,
                    6 => PaletteKind::Six,
                    8 => PaletteKind::Eight,
                    _ => return None,
                },
                panels: size(16).filter(|each| (1..=panels.max(1)).contains(each))?,
            },
            _ => return None,
        };
        let layout = Self { rows, columns, encoding, rounded: record[35] == 1 };
        // Every layout has one record: what is not written by `to_record` is damage.
        (layout.to_record() == *record).then_some(layout)
    }
}

impl PackedLinear {
    /// A matrix over bytes that [`super::Packer::pack`] has filled, now or at another time.
    ///
    /// # Errors
    /// [`KernelError::Length`] when there are not as many as `layout` says.
    ///
    /// # Panics
    /// When the bytes do not begin at a cache line.
    pub fn from_packed(layout: PackedLayout, bytes: &Bytes) -> Result<Self, KernelError> {
        let PackedLayout { rows, columns, encoding, rounded } = layout;
        let [codes, scales, offsets] = layout.section_bytes();
        let length = |_| KernelError::Length {
            rows,
            columns,
            what: "packed bytes",
            found: bytes.len(),
            expected: layout.bytes(),
        };
        if bytes.len() != layout.bytes() {
            return Err(length(()));
        }
        let section = |offset, len| bytes.slice(offset, len).map(Storage::new).map_err(|_| length(()));
        Ok(Self {
            rows,
            columns,
            encoding,
            rounded,
            codes: section(0, codes)?,
            scales: section(codes, scales)?,
            offsets: section(codes + scales, offsets)?,
        })
    }
}
