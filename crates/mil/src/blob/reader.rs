use std::{
    io,
    path::{Path, PathBuf},
};

use sottovoce_tensor::{Bytes, DType, Tensor, TensorError, num_elements};

use super::{ALIGNMENT, HEADER_LEN, MAGIC, METADATA_LEN, Metadata, VERSION, type_name, type_number};
use crate::MilError;

/// A memory-mapped weight file.
#[derive(Clone, Debug)]
pub(crate) struct BlobFile {
    path: PathBuf,
    bytes: Bytes,
}

impl BlobFile {
    /// Maps a weight file and checks its header; `None` when there is no such file.
    pub fn open(path: &Path) -> Result<Option<Self>, MilError> {
        let bytes = match Bytes::map(path) {
            Ok(bytes) => bytes,
            Err(TensorError::Map { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let file = Self { path: path.to_owned(), bytes };
        let header = file.bytes.get(..HEADER_LEN as usize);
        let header = header.ok_or_else(|| file.error("header", format!("the file has {} bytes", file.bytes.len())))?;
        let version = u32_at(header, 4);
        if version != VERSION {
            return Err(file.error("header", format!("expected blob storage of version {VERSION}, found {version}")));
        }
        Ok(Some(file))
    }

    /// Gives back the memory that the file takes.
    pub fn release(&self) {
        self.bytes.release();
    }

    /// The metadata at `offset`, whose data lies inside the file.
    pub fn metadata(&self, offset: u64) -> Result<Metadata, MilError> {
        let fail = |reason: String| self.error(&format!("blob at {offset}"), reason);
        let file_len = self.bytes.len() as u64;
        let record = usize::try_from(offset).ok().and_then(|start| self.bytes.slice(start, METADATA_LEN as usize).ok());
        let record = record.ok_or_else(|| fail(format!("lies outside the file, which has {file_len} bytes")))?;
        if offset < HEADER_LEN || !offset.is_multiple_of(ALIGNMENT) {
            return Err(fail(format!("expected a multiple of {ALIGNMENT} after the header")));
        }
        let magic = u32_at(&record, 0);
        if magic != MAGIC {
            return Err(fail(format!("expected the magic number {MAGIC:#x}, found {magic:#x}")));
        }
        let metadata = Metadata {
            type_number: u32_at(&record, 4),
            len: u64_at(&record, 8),
            data_offset: u64_at(&record, 16),
            padding_bits: u64_at(&record, 24),
        };
        let Metadata { len, data_offset, .. } = metadata;
        if data_offset.checked_add(len).is_none_or(|end| end > file_len) {
            return Err(fail(format!("{len} bytes at {data_offset} lie outside the file, which has {file_len} bytes")));
        }
        if !data_offset.is_multiple_of(ALIGNMENT) {
            return Err(fail(format!("its data at {data_offset} is not aligned to {ALIGNMENT} bytes")));
        }
        Ok(metadata)
    }

    /// The metadata at `offset`, checked against the element type and shape that the program gives the blob.
    pub fn expect(&self, offset: u64, dtype: DType, shape: &[usize]) -> Result<Metadata, MilError> {
        let metadata = self.metadata(offset)?;
        let fail = |reason: String| self.error(&format!("blob at {offset}"), reason);
        if type_number(dtype) != Some(metadata.type_number) {
            return Err(fail(format!("expected {dtype}, found {}", type_name(metadata.type_number))));
        }
        let count = num_elements(shape).ok_or_else(|| TensorError::TooLarge { shape: shape.to_vec() })?;
        let expected = dtype.packed_len(count).ok_or_else(|| TensorError::TooLarge { shape: shape.to_vec() })?;
        if metadata.len != expected as u64 {
            let found = metadata.len;
            return Err(fail(format!("expected {expected} bytes for {dtype}{shape:?}, found {found}")));
        }
        let padding = (expected * 8 - count * dtype.bits()) as u64;
        if dtype.is_sub_byte() && metadata.padding_bits != padding {
            let found = metadata.padding_bits;
            return Err(fail(format!("expected {padding} unused bits for {dtype}{shape:?}, found {found}")));
        }
        Ok(metadata)
    }

    /// The blob at `offset` as a tensor over the mapped bytes.
    pub fn tensor(&self, offset: u64, dtype: DType, shape: &[usize]) -> Result<Tensor, MilError> {
        let metadata = self.expect(offset, dtype, shape)?;
        Ok(Tensor::new(dtype, shape, self.data(&metadata)?)?)
    }

    /// The bytes of a blob.
    pub fn data(&self, metadata: &Metadata) -> Result<Bytes, MilError> {
        // `metadata` checked both against the length of the file, which is a usize.
        Ok(self.bytes.slice(metadata.data_offset as usize, metadata.len as usize)?)
    }

    /// Checks that no two of the blobs at these offsets share bytes. `offsets` is sorted and without doubles.
    pub fn check_disjoint(&self, offsets: &[u64]) -> Result<(), MilError> {
        let mut ranges = Vec::with_capacity(offsets.len() * 2);
        for &offset in offsets {
            let metadata = self.metadata(offset)?;
            ranges.push((offset, offset + METADATA_LEN, offset));
            if metadata.len > 0 {
                ranges.push((metadata.data_offset, metadata.data_offset + metadata.len, offset));
            }
        }
        ranges.push((0, HEADER_LEN, 0));
        ranges.sort_unstable();
        match ranges.windows(2).find(|pair| pair[0].1 > pair[1].0) {
            Some(pair) => {
                let reason = format!("shares bytes {}..{} with the blob at {}", pair[1].0, pair[0].1, pair[0].2);
                Err(self.error(&format!("blob at {}", pair[1].2), reason))
            }
            None => Ok(()),
        }
    }

    fn error(&self, place: &str, reason: String) -> MilError {
        MilError::Blob { path: self.path.clone(), place: place.to_owned(), reason }
    }
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    record[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    record[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
