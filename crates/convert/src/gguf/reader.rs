use std::{
    fs::File,
    io::{BufReader, Read, Seek},
};

use super::metadata::MetadataValue;

/// Longest string accepted, bytes. The longest real ones are chat templates of some tens of kilobytes.
const MAX_STRING: u64 = 16 << 20;
/// Most elements of one metadata array. The largest vocabularies and merge lists have about half a million.
const MAX_ARRAY: u64 = 16 << 20;

/// Reads the header of a GGUF file field by field. Errors are sentences for [`super::ConvertError::Malformed`].
pub(super) struct HeaderReader {
    file: BufReader<File>,
    len: u64,
    position: u64,
}

impl HeaderReader {
    pub(super) fn new(file: File, len: u64) -> Self {
        Self { file: BufReader::new(file), len, position: 0 }
    }

    /// Bytes read so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes left in the file.
    fn remaining(&self) -> u64 {
        self.len - self.position
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), String> {
        let size = buffer.len() as u64;
        if size > self.remaining() {
            return Err(format!(
                "the file ends inside its header: {size} bytes expected at byte {}, {} left",
                self.position,
                self.remaining()
            ));
        }
        self.file.read_exact(buffer).map_err(|error| format!("reading byte {}: {error}", self.position))?;
        self.position += size;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn magic(&mut self) -> Result<[u8; 4], String> {
        self.array()
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, String> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A count of things that each take at least `min_size` bytes, checked against what is left of the file, so that
    /// nothing is allocated for a count that the file cannot hold.
    pub(super) fn count(&mut self, what: &str, min_size: u64) -> Result<usize, String> {
        let count = self.u64()?;
        if count.checked_mul(min_size).is_none_or(|size| size > self.remaining()) {
            return Err(format!("{count} {what} do not fit the {} bytes left in the file", self.remaining()));
        }
        usize::try_from(count).map_err(|_| format!("{count} {what} are too many"))
    }

    pub(super) fn string(&mut self) -> Result<String, String> {
        let len = self.u64()?;
        if len > MAX_STRING.min(self.remaining()) {
            return Err(format!("a string of {len} bytes at byte {} is longer than allowed", self.position));
        }
        let mut bytes = vec![0; len as usize];
        self.fill(&mut bytes)?;
        String::from_utf8(bytes).map_err(|_| format!("the string that ends at byte {} is not UTF-8", self.position))
    }

    /// A metadata value of the type with that number.
    pub(super) fn value(&mut self, ty: u32) -> Result<MetadataValue, String> {
        Ok(match ty {
            0 | 2 | 4 | 10 => MetadataValue::Unsigned(self.integer(ty)? as u64),
            1 | 3 | 5 | 11 => MetadataValue::Signed(self.integer(ty)?),
            6 => MetadataValue::Float(f32::from_le_bytes(self.array()?).into()),
            12 => MetadataValue::Float(f64::from_le_bytes(self.array()?)),
            7 => MetadataValue::Bool(self.bool()?),
            8 => MetadataValue::String(self.string()?),
            9 => self.array_value()?,
            _ => return Err(format!("unknown metadata type {ty}")),
        })
    }

    /// An integer of the type with that number; an unsigned 64-bit value keeps its bits.
    fn integer(&mut self, ty: u32) -> Result<i64, String> {
        Ok(match ty {
            0 => u8::from_le_bytes(self.array()?).into(),
            1 => i8::from_le_bytes(self.array()?).into(),
            2 => u16::from_le_bytes(self.array()?).into(),
            3 => i16::from_le_bytes(self.array()?).into(),
            4 => u32::from_le_bytes(self.array()?).into(),
            5 => i32::from_le_bytes(self.array()?).into(),
            _ => i64::from_le_bytes(self.array()?),
        })
    }

    fn bool(&mut self) -> Result<bool, String> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("{other} at byte {} is no boolean", self.position - 1)),
        }
    }

    fn array_value(&mut self) -> Result<MetadataValue, String> {
        let ty = self.u32()?;
        let element_size = match ty {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10 | 11 | 12 => 8,
            9 => return Err("arrays of arrays are not supported".to_owned()),
            _ => return Err(format!("unknown metadata type {ty} of array elements")),
        };
        let count = self.count("array elements", element_size)?;
        if count as u64 > MAX_ARRAY {
            return Err(format!("an array of {count} elements is longer than the {MAX_ARRAY} allowed"));
        }
        Ok(match ty {
            6 => MetadataValue::Floats(self.repeat(count, |r| Ok(f32::from_le_bytes(r.array()?)))?),
            12 => MetadataValue::Floats(self.repeat(count, |r| Ok(f64::from_le_bytes(r.array()?) as f32))?),
            7 => MetadataValue::Bools(self.repeat(count, Self::bool)?),
            8 => MetadataValue::Strings(self.repeat(count, Self::string)?),
            _ => MetadataValue::Integers(self.repeat(count, |r| r.integer(ty))?),
        })
    }

    fn repeat<T>(&mut self, count: usize, read: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        (0..count).map(|_| read(self)).collect()
    }

    /// The file, for reading tensor data.
    pub(super) fn into_file(mut self) -> std::io::Result<File> {
        self.file.rewind()?;
        Ok(self.file.into_inner())
    }
}
