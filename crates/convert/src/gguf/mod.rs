//! GGUF files, versions 2 and 3: metadata, tensor list and tensor data.
//!
//! The format is described in ggml's `docs/gguf.md`. A file is untrusted: counts are checked against the bytes left before
//! anything is allocated, and every tensor against the end of the file.

mod metadata;
mod reader;

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use indexmap::IndexMap;

pub use metadata::{Metadata, MetadataValue};
use reader::HeaderReader;

use crate::{
    ConvertError,
    weights::{SharedFile, StoredTensor, WeightFormat},
};

/// First bytes of every GGUF file.
pub const MAGIC: [u8; 4] = *b"GGUF";
/// Largest tensor alignment accepted, bytes.
const MAX_ALIGNMENT: u64 = 1 << 20;
/// Smallest possible metadata entry and tensor entry, bytes: an empty name and the fixed fields.
const MIN_ENTRY: (u64, u64) = (8 + 4 + 1, 8 + 4 + 4 + 8);

/// An open GGUF file.
#[derive(Debug)]
pub struct Gguf {
    /// The file.
    pub path: PathBuf,
    /// Metadata by key.
    pub metadata: Metadata,
    /// Tensors by name, in file order. Shapes are outermost first (the file lists them innermost first).
    pub tensors: IndexMap<String, StoredTensor>,
}

/// A line of the tensor list.
struct Entry {
    name: String,
    format: WeightFormat,
    shape: Vec<usize>,
    offset: u64,
}

impl Gguf {
    /// Opens `path` and reads its header; tensor data stays in the file.
    ///
    /// # Errors
    /// [`ConvertError::Io`] when the file cannot be read, [`ConvertError::Malformed`] when its header breaks the format,
    /// is truncated or points outside the file, [`ConvertError::Unsupported`] for a version or tensor type that this
    /// reader does not know.
    pub fn open(path: &Path) -> Result<Self, ConvertError> {
        let file = File::open(path).map_err(ConvertError::io("open", path))?;
        let len = file.metadata().map_err(ConvertError::io("read", path))?.len();
        let malformed = |what| ConvertError::Malformed { path: path.to_owned(), what };
        let mut reader = HeaderReader::new(file, len);

        let magic = reader.magic().map_err(malformed)?;
        if magic != MAGIC {
            return Err(malformed(format!("starts with {magic:?}, not with \"GGUF\"")));
        }
        let version = reader.u32().map_err(malformed)?;
        if !(2..=3).contains(&version) {
            let what = format!("GGUF version {version}; versions 2 and 3, little-endian, are supported");
            return Err(ConvertError::Unsupported { path: path.to_owned(), what });
        }
        let tensor_count = reader.count("tensors", MIN_ENTRY.1).map_err(malformed)?;
        let metadata_count = reader.count("metadata entries", MIN_ENTRY.0).map_err(malformed)?;
        let metadata = read_metadata(&mut reader, metadata_count).map_err(malformed)?;
        let entries = read_entries(&mut reader, tensor_count).map_err(malformed)?;

        let alignment = alignment(&metadata).map_err(malformed)?;
        let data_start = reader.position().next_multiple_of(alignment);
        let file = SharedFile::new(reader.into_file().map_err(ConvertError::io("read", path))?.into());
        let mut tensors = IndexMap::new();
        for Entry { name, format, shape, offset } in entries {
            let place = data_start.checked_add(offset).filter(|_| offset.is_multiple_of(alignment));
            let tensor = place
                .ok_or_else(|| format!("offset {offset} is not aligned to {alignment} bytes"))
                .and_then(|offset| StoredTensor::new((path, &file), &name, format, shape, offset, len))
                .map_err(|what| malformed(format!("tensor {name}: {what}")))?;
            if tensors.insert(name.clone(), tensor).is_some() {
                return Err(malformed(format!("tensor {name} is listed twice")));
            }
        }
        Ok(Self { path: path.to_owned(), metadata, tensors })
    }
}

fn read_metadata(reader: &mut HeaderReader, count: usize) -> Result<Metadata, String> {
    let mut metadata = Metadata::default();
    for _ in 0..count {
        let key = reader.string()?;
        let ty = reader.u32()?;
        let value = reader.value(ty).map_err(|what| format!("metadata {key}: {what}"))?;
        if !metadata.insert(key.clone(), value) {
            return Err(format!("metadata {key} is listed twice"));
        }
    }
    Ok(metadata)
}

fn read_entries(reader: &mut HeaderReader, count: usize) -> Result<Vec<Entry>, String> {
    (0..count)
        .map(|_| {
            let name = reader.string()?;
            let rank = reader.u32()?;
            if !(1..=4).contains(&rank) {
                return Err(format!("tensor {name} has {rank} dimensions, 1 to 4 are allowed"));
            }
            let dims = (0..rank).map(|_| reader.u64()).collect::<Result<Vec<_>, _>>()?;
            let shape = dims
                .iter()
                .rev()
                .map(|&dim| usize::try_from(dim).ok().filter(|&dim| dim > 0))
                .collect::<Option<Vec<_>>>()
                .ok_or_else(|| format!("tensor {name} has impossible dimensions {dims:?}"))?;
            let number = reader.u32()?;
            let format = WeightFormat::from_gguf_number(number).ok_or_else(|| {
                let known = WeightFormat::ALL.map(|format| format.to_string()).join(", ");
                format!("tensor {name} has type number {number}; supported are {known}")
            })?;
            Ok(Entry { name, format, shape, offset: reader.u64()? })
        })
        .collect()
}

fn alignment(metadata: &Metadata) -> Result<u64, String> {
    match metadata.get("general.alignment") {
        None => Ok(32),
        Some(MetadataValue::Unsigned(value)) if value.is_power_of_two() && (8..=MAX_ALIGNMENT).contains(value) => {
            Ok(*value)
        }
        Some(other) => {
            Err(format!("general.alignment is {other:?}; a power of two from 8 to {MAX_ALIGNMENT} is expected"))
        }
    }
}
