use std::{fs::File, path::Path, sync::Arc};

use memmap2::{Mmap, MmapMut};

use crate::TensorError;

/// One cache line; gives owned buffers the alignment that SIMD kernels like.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
struct Line([u8; 64]);

enum Backing {
    Owned(Vec<Line>),
    Anonymous(MmapMut),
    Mapped(Mmap),
}

impl Backing {
    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Owned(lines) => bytemuck::cast_slice(lines),
            Self::Anonymous(map) => map,
            Self::Mapped(map) => map,
        }
    }

    /// The same for writing; `None` for files, which are mapped read-only.
    fn as_mut_slice(&mut self) -> Option<&mut [u8]> {
        match self {
            Self::Owned(lines) => Some(bytemuck::cast_slice_mut(lines)),
            Self::Anonymous(map) => Some(map),
            Self::Mapped(_) => None,
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
    /// `len` zero bytes. Large ones come from the system untouched: a page takes memory once it is written.
    pub fn zeroed(len: usize) -> Self {
        // An allocator that is asked for zeros and an alignment writes the zeros.
        const LARGE: usize = 1 << 20;
        let map = if len < LARGE { None } else { MmapMut::map_anon(len).ok() };
        let backing = match map {
            Some(map) => Backing::Anonymous(map),
            None => Backing::Owned(bytemuck::zeroed_vec(len.div_ceil(64))),
        };
        Self { backing: Arc::new(backing), offset: 0, len }
    }

    /// `len` zero bytes in huge pages, where the system has them: for megabytes that are read over and over. The first
    /// write takes a huge page as a whole.
    pub fn zeroed_in_huge_pages(len: usize) -> Self {
        let bytes = Self::zeroed(len);
        // Only a wish: without it the pages are of the usual size.
        #[cfg(target_os = "linux")]
        if let Backing::Anonymous(map) = &*bytes.backing {
            let _ = map.advise(memmap2::Advice::HugePage);
        }
        bytes
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

    /// Becomes `len` bytes of unspecified content, in the memory it has where that is owned, large enough and held by
    /// nobody else. What has to grow does so by half at least, so that growing little by little allocates rarely.
    pub fn renew(&mut self, len: usize) {
        match Arc::get_mut(&mut self.backing) {
            Some(Backing::Owned(lines)) if len.div_ceil(64) <= lines.len() => {}
            Some(Backing::Anonymous(map)) if len <= map.len() => {}
            Some(Backing::Owned(lines)) => *self = Self::zeroed(len.max(lines.len() * 64 / 2 * 3)),
            _ => *self = Self::zeroed(len),
        }
        (self.offset, self.len) = (0, len);
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
        if Arc::get_mut(&mut self.backing).is_none_or(|backing| backing.as_mut_slice().is_none()) {
            *self = Self::copy_from(self.as_slice());
        }
        match Arc::get_mut(&mut self.backing).and_then(Backing::as_mut_slice) {
            Some(bytes) => &mut bytes[self.offset..self.offset + self.len],
            None => unreachable!("made unique and owned above"),
        }
    }

    /// Gives back the memory that a mapped file takes; what is read again comes from the file again. Does nothing to
    /// bytes that are owned, and nothing on systems that have no such call.
    pub fn release(&self) {
        #[cfg(unix)]
        if let Backing::Mapped(map) = &*self.backing {
            // SAFETY: the map is read-only and backed by a file, so that a page that is dropped comes back with the same
            // contents when it is next read.
            let released =
                unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, self.offset, self.len) };
            // Only memory is at stake, and the system takes it when it needs it.
            let _ = released;
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
    fn renewed_bytes_keep_their_memory_while_nobody_else_holds_it() {
        let mut bytes = Bytes::zeroed(1000);
        let before = bytes.as_ptr();
        bytes.renew(10);
        bytes.renew(1000);
        assert_eq!((bytes.as_ptr(), bytes.len()), (before, 1000));
        let mut large = Bytes::zeroed(2 << 20);
        let place = large.as_ptr();
        large.renew(10);
        large.renew(2 << 20);
        assert_eq!((large.as_ptr(), large.len()), (place, 2 << 20));
        let held = bytes.clone();
        bytes.renew(1000);
        assert_ne!(bytes.as_ptr(), held.as_ptr());
        bytes.renew(1025);
        let grown = bytes.as_ptr();
        bytes.renew(1500);
        assert_eq!((bytes.as_ptr(), bytes.len()), (grown, 1500));
        let mut part = held.slice(64, 64).unwrap();
        drop(held);
        part.renew(1000);
        assert_eq!((part.as_ptr(), part.len()), (before, 1000));
    }

    #[test]
    fn slices_stay_inside() {
        let bytes = Bytes::zeroed(10).slice(4, 4).unwrap();
        assert!(bytes.slice(2, 3).is_err());
        assert!(bytes.slice(usize::MAX, 2).is_err());
        assert_eq!(bytes.slice(4, 0).unwrap().len(), 0);
    }

    #[test]
    fn large_bytes_are_like_others() {
        let mut bytes = Bytes::zeroed_in_huge_pages(5 << 20);
        assert!(bytes.iter().all(|&byte| byte == 0) && (bytes.as_ptr() as usize).is_multiple_of(64));
        bytes.make_mut()[4 << 20] = 7;
        let shared = bytes.slice(4 << 20, 2).unwrap();
        bytes.make_mut()[4 << 20] = 9;
        assert_eq!((bytes[4 << 20], &shared[..]), (9, &[7, 0][..]));
        assert!(Bytes::zeroed_in_huge_pages(0).is_empty());
    }

    #[test]
    fn released_bytes_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let data: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &data).unwrap();
        let bytes = Bytes::map(&path).unwrap();
        let part = bytes.slice(5000, 50_000).unwrap();
        for bytes in [&part, &bytes] {
            bytes.release();
            assert!(part[..] == data[5000..55_000]);
        }
        let owned = Bytes::copy_from(&data);
        owned.release();
        assert!(owned[..] == data[..]);
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
