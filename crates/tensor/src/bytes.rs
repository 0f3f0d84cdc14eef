use std::{fs::File, path::Path, sync::Arc};

use memmap2::Mmap;

use crate::TensorError;

/// One cache line; gives owned buffers the alignment that SIMD kernels like.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

enum Backing {
    Owned(Vec<Line>),
    Mapped(Mmap),
}

impl Backing {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Owned(lines) => bytemuck::cast_slice(lines),
            Self::Mapped(map) => map,
        }
    }
}

/// A cheaply cloned range of immutable bytes: owned and 64-byte aligned, or part of a memory-mapped file.
#[derive(Clone)]
pub struct Bytes {
    backing: Arc<Backing>,
    offset: usize,
    len: usize,
}

impl Bytes {
    /// `len` zero bytes.
    pub fn zeroed(len: usize) -> Self {
        let lines = vec![Line([0; 64]); len.div_ceil(64)];
        Self { backing: Arc::new(Backing::Owned(lines)), offset: 0, len }
    }

    /// A copy of `data`.
    pub fn copy_from(data: &[u8]) -> Self {
        let mut bytes = Self::zeroed(data.len());
        bytes.make_mut().copy_from_slice(data);
        bytes
    }

    /// Maps the whole of `path` read-only. An empty file gives empty bytes.
    ///
    /// # Errors
    /// [`TensorError::Map`] when the file cannot be opened or mapped.
    pub fn map(path: &Path) -> Result<Self, TensorError> {
        let fail = |source| TensorError::Map { path: path.to_owned(), source };
        let file = File::open(path).map_err(fail)?;
        let len = file.metadata().map_err(fail)?.len();
        if len == 0 {
            return Ok(Self::zeroed(0));
        }
        let len = usize::try_from(len).map_err(|_| fail(std::io::Error::other("file is too large")))?;
        // SAFETY: the map is read-only and private to this process. Truncating the file while it is mapped would fault,
        // as for every program that maps its data; package files are replaced atomically, never rewritten in place.
        let map = unsafe { Mmap::map(&file) }.map_err(fail)?;
        Ok(Self { len: len.min(map.len()), backing: Arc::new(Backing::Mapped(map)), offset: 0 })
    }

    /// The sub-range `offset..offset + size`, sharing the same memory.
    ///
    /// # Errors
    /// [`TensorError::Range`] when it does not lie inside.
    pub fn slice(&self, offset: usize, size: usize) -> Result<Self, TensorError> {
        let end = offset.checked_add(size).filter(|&end| end <= self.len);
        if end.is_none() {
            return Err(TensorError::Range { offset, size, len: self.len });
        }
        Ok(Self { backing: Arc::clone(&self.backing), offset: self.offset + offset, len: size })
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.backing.as_slice()[self.offset..self.offset + self.len]
    }

    /// The bytes for writing; copies them first when they are shared or mapped.
    pub fn make_mut(&mut self) -> &mut [u8] {
        let unique = matches!(Arc::get_mut(&mut self.backing), Some(Backing::Owned(_)));
        if !unique {
            let mut lines = vec![Line([0; 64]); self.len.div_ceil(64)];
            bytemuck::cast_slice_mut(&mut lines)[..self.len].copy_from_slice(self.as_slice());
            *self = Self { backing: Arc::new(Backing::Owned(lines)), offset: 0, len: self.len };
        }
        match Arc::get_mut(&mut self.backing) {
            Some(Backing::Owned(lines)) => &mut bytemuck::cast_slice_mut(lines)[self.offset..self.offset + self.len],
            _ => unreachable!("made unique and owned above"),
        }
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True when the bytes are part of a memory-mapped file.
    pub fn is_mapped(&self) -> bool {
        matches!(*self.backing, Backing::Mapped(_))
    }
}

impl std::ops::Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = if self.is_mapped() { "mapped" } else { "owned" };
        write!(f, "Bytes({kind}, {} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owned_bytes_are_aligned_and_copied_on_write() {
        let mut first = Bytes::copy_from(&[1, 2, 3, 4]);
        assert_eq!(first.as_ptr() as usize % 64, 0);
        let second = first.slice(1, 2).unwrap();
        first.make_mut()[1] = 9;
        assert_eq!((&first[..], &second[..]), (&[1, 9, 3, 4][..], &[2, 3][..]));
    }

    #[test]
    fn slices_stay_inside() {
        let bytes = Bytes::zeroed(10).slice(4, 4).unwrap();
        assert!(bytes.slice(2, 3).is_err());
        assert!(bytes.slice(usize::MAX, 2).is_err());
        assert_eq!(bytes.slice(4, 0).unwrap().len(), 0);
    }

    #[test]
    fn files_are_mapped() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        std::fs::write(&path, b"hello").unwrap();
        let mut bytes = Bytes::map(&path).unwrap();
        assert!(bytes.is_mapped());
        bytes.make_mut()[0] = b'j';
        assert_eq!(&bytes[..], b"jello");
        assert_eq!(std::fs::read(&path).unwrap(), b"hello");
        assert!(Bytes::map(&dir.path().join("missing")).is_err());
        std::fs::write(&path, b"").unwrap();
        assert!(Bytes::map(&path).unwrap().is_empty());
    }
}
