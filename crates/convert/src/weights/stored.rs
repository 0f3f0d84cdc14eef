use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use half::{bf16, f16};

use super::{BlockGroups, RandomWeights, WeightFormat, unpack_block};
use crate::ConvertError;

/// How the rows of a stored matrix relate to the rows of the tensor it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// Row for row.
    Same,
    /// Rows of `head_dim` form a head; within it the file interleaves the two halves that rotary embedding pairs
    /// (first row of each half, second row of each half, …), as GGUF stores the query and key projections of Llama.
    InterleavedHalves {
        /// Rows per head, even.
        head_dim: usize,
    },
}

impl RowOrder {
    /// Where the file holds row `row`.
    fn stored_row(self, row: usize) -> usize {
        match self {
            Self::Same => row,
            Self::InterleavedHalves { head_dim } => {
                let (head, within) = (row / head_dim, row % head_dim);
                let (half, index) = (within / (head_dim / 2), within % (head_dim / 2));
                head * head_dim + 2 * index + half
            }
        }
    }
}

/// A checkpoint file that several threads read. They take turns, as a file has one position.
pub(crate) type SharedFile = Arc<Mutex<File>>;

/// Where the bytes of a tensor come from.
#[derive(Clone, Debug)]
enum Source {
    /// A file, from a byte on.
    File { path: PathBuf, file: SharedFile, offset: u64 },
    /// A generator.
    Random(RandomWeights),
}

/// A tensor of a checkpoint: where its weights come from and how they are stored.
///
/// Data is read on demand with ordinary file reads. A converter touches every byte once, and pages of a memory map would
/// count as its memory; a file truncated meanwhile is an error here rather than a fault.
#[derive(Clone, Debug)]
pub struct StoredTensor {
    /// Name in the checkpoint's own convention.
    pub name: String,
    /// How the weights are stored.
    pub format: WeightFormat,
    /// Dimensions, outermost first; the last is a row.
    pub shape: Vec<usize>,
    /// Order of the rows.
    pub row_order: RowOrder,
    /// Where its rows begin in the source.
    first_row: usize,
    source: Source,
    row_bytes: usize,
}

impl StoredTensor {
    /// A tensor at byte `offset` of `file`. Errors are sentences without the tensor's name.
    pub(crate) fn new(
        (path, file): (&Path, &SharedFile),
        name: &str,
        format: WeightFormat,
        shape: Vec<usize>,
        offset: u64,
        file_len: u64,
    ) -> Result<Self, String> {
        let row_bytes = row_bytes(format, &shape)?;
        let rows = shape.iter().rev().skip(1).try_fold(1usize, |rows, &dim| rows.checked_mul(dim));
        let size = rows.and_then(|rows| rows.checked_mul(row_bytes)).map(|size| size as u64);
        let end = size.and_then(|size| offset.checked_add(size));
        if end.is_none_or(|end| end > file_len) {
            return Err(format!(
                "shape {shape:?} in {format} at byte {offset} ends outside the file of {file_len} bytes"
            ));
        }
        let source = Source::File { path: path.to_owned(), file: Arc::clone(file), offset };
        Ok(Self { name: name.to_owned(), format, shape, row_order: RowOrder::Same, first_row: 0, source, row_bytes })
    }

    /// A tensor of random weights. Errors are sentences without the tensor's name.
    pub(crate) fn random(
        name: &str,
        format: WeightFormat,
        shape: Vec<usize>,
        weights: RandomWeights,
    ) -> Result<Self, String> {
        let (row_bytes, source) = (row_bytes(format, &shape)?, Source::Random(weights));
        Ok(Self { name: name.to_owned(), format, shape, row_order: RowOrder::Same, first_row: 0, source, row_bytes })
    }

    /// Some of its rows as a tensor of their own.
    ///
    /// # Panics
    /// When there are no such rows, or the file holds them in another order.
    pub(crate) fn row_range(&self, rows: Range<usize>) -> Self {
        assert!(rows.end <= self.rows() && self.row_order == RowOrder::Same, "rows {rows:?} of {}", self.name);
        let mut part = self.clone();
        part.shape = vec![rows.len(), self.row_len()];
        part.first_row += rows.start;
        part
    }

    /// Weights per row: the last dimension.
    pub fn row_len(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Number of rows: the product of the other dimensions.
    pub fn rows(&self) -> usize {
        self.shape.iter().rev().skip(1).product()
    }

    /// Number of weights.
    pub fn len(&self) -> usize {
        self.rows() * self.row_len()
    }

    /// True when there are no weights.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in the checkpoint.
    pub fn stored_bytes(&self) -> usize {
        self.rows() * self.row_bytes
    }

    /// Bytes of one stored row.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// Reads the stored bytes of `rows`, in the tensor's order, into `out`.
    ///
    /// # Errors
    /// [`ConvertError::Io`] when the file cannot be read.
    ///
    /// # Panics
    /// When `rows` ends past the last row.
    pub fn read_rows(&self, rows: Range<usize>, out: &mut Vec<u8>) -> Result<(), ConvertError> {
        assert!(rows.end <= self.rows(), "rows {rows:?} of {}, which has {}", self.name, self.rows());
        out.resize(rows.len() * self.row_bytes, 0);
        if self.row_order == RowOrder::Same {
            return self.read_at(rows.start, out);
        }
        let row_bytes = self.row_bytes.max(1);
        rows.zip(out.chunks_exact_mut(row_bytes))
            .try_for_each(|(row, bytes)| self.read_at(self.row_order.stored_row(row), bytes))
    }

    /// Fills `out` with the stored rows from `row` on.
    fn read_at(&self, row: usize, out: &mut [u8]) -> Result<(), ConvertError> {
        let stored_row = self.first_row + row;
        match &self.source {
            Source::File { path, file, offset } => {
                let offset = offset + (stored_row * self.row_bytes) as u64;
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(offset))
                    .and_then(|_| file.read_exact(out))
                    .map_err(ConvertError::io("read", path))
            }
            Source::Random(weights) => {
                weights.fill(self.format, (stored_row * self.row_len()) as u64, out);
                Ok(())
            }
        }
    }

    /// All weights as f32, in row-major order. The elements of a vector have the order that rows of a matrix would.
    ///
    /// # Errors
    /// [`ConvertError::Io`] when the file cannot be read.
    pub fn to_f32_vec(&self) -> Result<Vec<f32>, ConvertError> {
        let mut bytes = Vec::new();
        self.read_rows(0..self.rows(), &mut bytes)?;
        let mut weights = Vec::new();
        dequantise(self.format, &bytes, &mut weights);
        if self.shape.len() == 1 {
            return Ok((0..weights.len()).map(|row| weights[self.row_order.stored_row(row)]).collect());
        }
        Ok(weights)
    }
}

/// Bytes of a row of a tensor of that shape.
fn row_bytes(format: WeightFormat, shape: &[usize]) -> Result<usize, String> {
    let row = shape.last().copied().unwrap_or(1);
    format
        .row_bytes(row)
        .ok_or_else(|| format!("a row of {row} is no whole number of {format} blocks of {}", format.block_len()))
}

/// Replaces `out` by the weights that whole blocks of `bytes` hold.
pub(crate) fn dequantise(format: WeightFormat, bytes: &[u8], out: &mut Vec<f32>) {
    out.clear();
    match format {
        WeightFormat::F32 => out.extend(bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b))),
        WeightFormat::F16 => out.extend(bytes.as_chunks::<2>().0.iter().map(|&b| f16::from_le_bytes(b).to_f32())),
        WeightFormat::BF16 => out.extend(bytes.as_chunks::<2>().0.iter().map(|&b| bf16::from_le_bytes(b).to_f32())),
        _ => {
            let mut unpacked = BlockGroups::new();
            for block in bytes.chunks_exact(format.block_bytes()) {
                unpack_block(format, block, &mut unpacked);
                let codes = unpacked.codes[..format.block_len()].chunks_exact(format.group_len());
                for (codes, group) in codes.zip(&unpacked.groups) {
                    out.extend(codes.iter().map(|&code| group.scale * f32::from(code) + group.shift));
                }
            }
        }
    }
}
