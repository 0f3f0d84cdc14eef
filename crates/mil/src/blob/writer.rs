use std::{
    fs::File,
    io::{self, BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use sottovoce_tensor::{DType, TensorError, num_elements};

use super::{ALIGNMENT, HEADER_LEN, MAGIC, METADATA_LEN, Metadata, VERSION, type_number};
use crate::{
    MilError,
    program::{Dimension, ElementType, TensorType, Value, ValueData, ValueType},
};

/// Writes a weight file front to back.
#[derive(Debug)]
pub(crate) struct BlobWriter {
    file: BufWriter<File>,
    path: PathBuf,
    /// Where the next blob's metadata goes.
    next: u64,
    count: u32,
}

impl BlobWriter {
    /// A writer onto an empty file.
    pub fn new(file: File, path: &Path) -> Self {
        Self { file: BufWriter::with_capacity(1 << 20, file), path: path.to_owned(), next: HEADER_LEN, count: 0 }
    }

    /// Starts a blob of `dtype` and `shape`.
    pub fn begin(&mut self, file_name: &str, dtype: DType, shape: &[usize]) -> Result<BlobSink<'_>, MilError> {
        let too_large = || TensorError::TooLarge { shape: shape.to_vec() };
        let count = num_elements(shape).ok_or_else(too_large)?;
        let len = dtype.packed_len(count).ok_or_else(too_large)?;
        let type_number = type_number(dtype).ok_or_else(|| MilError::Blob {
            path: self.path.clone(),
            place: format!("blob at {}", self.next),
            reason: format!("weight files cannot hold {dtype}; write it as a literal or as another type"),
        })?;
        let padding_bits = (len * 8 - count * dtype.bits()) as u64;
        let dimensions = shape.iter().map(|&size| Dimension::Fixed(size as u64)).collect();
        let ty = TensorType {
            element: ElementType::Data(dtype),
            rank: shape.len() as i64,
            dimensions,
            attributes: IndexMap::new(),
        };
        self.begin_raw(file_name, ValueType::Tensor(ty), type_number, len as u64, padding_bits)
    }

    /// Starts a blob of any type, known or not.
    pub fn begin_raw(
        &mut self,
        file_name: &str,
        ty: ValueType,
        type_number: u32,
        len: u64,
        padding_bits: u64,
    ) -> Result<BlobSink<'_>, MilError> {
        let offset = self.next;
        let metadata = Metadata { type_number, len, data_offset: offset + METADATA_LEN, padding_bits };
        // Also takes back what a sink that was dropped unfinished has written.
        self.file.seek(SeekFrom::Start(offset)).map_err(MilError::io("write", &self.path))?;
        self.put(&record(&metadata))?;
        let data = ValueData::Blob { file: file_name.to_owned(), offset };
        let value = Value { doc_string: String::new(), ty, data };
        Ok(BlobSink { writer: self, value, metadata, written: 0 })
    }

    /// Completes the file: the header, and everything on disk.
    pub fn finish(self) -> Result<(), MilError> {
        let Self { mut file, path, next, count } = self;
        let mut header = [0u8; HEADER_LEN as usize];
        header[..4].copy_from_slice(&count.to_le_bytes());
        header[4..8].copy_from_slice(&VERSION.to_le_bytes());
        let mut complete = || -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&header)?;
            file.flush()?;
            // Cuts off what an unfinished blob has left.
            file.get_ref().set_len(next)?;
            file.get_ref().sync_all()
        };
        complete().map_err(MilError::io("write", &path))
    }

    /// Number of finished blobs.
    pub fn count(&self) -> u32 {
        self.count
    }

    fn put(&mut self, data: &[u8]) -> Result<(), MilError> {
        self.file.write_all(data).map_err(MilError::io("write", &self.path))
    }
}

fn record(metadata: &Metadata) -> [u8; METADATA_LEN as usize] {
    let mut record = [0u8; METADATA_LEN as usize];
    record[..4].copy_from_slice(&MAGIC.to_le_bytes());
    record[4..8].copy_from_slice(&metadata.type_number.to_le_bytes());
    record[8..16].copy_from_slice(&metadata.len.to_le_bytes());
    record[16..24].copy_from_slice(&metadata.data_offset.to_le_bytes());
    record[24..32].copy_from_slice(&metadata.padding_bits.to_le_bytes());
    record
}

/// A blob being written in pieces, so that its tensor is never in memory as a whole. Dropped unfinished, it leaves
/// nothing.
#[must_use = "a blob counts once it is finished"]
#[derive(Debug)]
pub struct BlobSink<'a> {
    writer: &'a mut BlobWriter,
    value: Value,
    metadata: Metadata,
    written: u64,
}

impl BlobSink<'_> {
    /// Appends bytes, packed as tensors are: row-major, little-endian, sub-byte elements low bits first.
    ///
    /// # Errors
    /// [`MilError::Blob`] for more bytes than the shape has, [`MilError::Io`] when writing fails.
    pub fn write(&mut self, data: &[u8]) -> Result<(), MilError> {
        self.written += data.len() as u64;
        if self.written > self.metadata.len {
            return Err(self.wrong_length());
        }
        self.writer.put(data)
    }

    /// Completes the blob; the value refers to it.
    ///
    /// # Errors
    /// [`MilError::Blob`] for fewer bytes than the shape has, [`MilError::Io`] when writing fails.
    pub fn finish(self) -> Result<Value, MilError> {
        if self.written != self.metadata.len {
            return Err(self.wrong_length());
        }
        let end = self.metadata.data_offset + self.metadata.len;
        let aligned = end.next_multiple_of(ALIGNMENT);
        self.writer.put(&[0; ALIGNMENT as usize][..(aligned - end) as usize])?;
        self.writer.next = aligned;
        self.writer.count += 1;
        Ok(self.value)
    }

    fn wrong_length(&self) -> MilError {
        MilError::Blob {
            path: self.writer.path.clone(),
            place: format!("blob at {}", self.writer.next),
            reason: format!("expected {} bytes, was given {}", self.metadata.len, self.written),
        }
    }
}
