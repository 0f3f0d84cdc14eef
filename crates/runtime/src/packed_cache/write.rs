use std::{
    ffi::OsString,
    fs::Metadata,
    io::{self, Write},
    path::{Path, PathBuf},
};

use sottovoce_kernels::PackedLayout;
use sottovoce_tensor::Bytes;
use tempfile::NamedTempFile;

use super::{CHUNK, Fingerprint, HEADER_BYTES, Key, header};
use crate::error::RuntimeError;

/// Bytes that are written at once: much, so that the system keeps the file in large pages.
const WINDOW: usize = 8 * CHUNK;

/// Writes a packed cache front to back, through a window of memory that holds the largest matrix.
///
/// The file gets its name when it is complete: readers see the old one or the new one, and those that have the old one
/// mapped keep it. Nothing waits for the disk; what a power failure cuts off, the checksums show.
pub struct Writer {
    file: NamedTempFile,
    path: PathBuf,
    window: Bytes,
    /// Bytes of the window that are not in the file yet.
    filled: usize,
    /// Bytes of the file.
    written: usize,
    entries: Vec<u8>,
    checksums: Vec<u8>,
}

impl Writer {
    /// Begins the cache at `path`, with the permissions of the weight file `like`, if there is one.
    ///
    /// # Errors
    /// [`RuntimeError::PackedCache`] when the folder cannot be written.
    pub fn create(path: PathBuf, fingerprint: &Fingerprint, like: Option<&Metadata>) -> Result<Self, RuntimeError> {
        let file = temporary(&path, like).map_err(|source| cannot_write(&path, &source))?;
        let mut window = Bytes::zeroed_in_huge_pages(WINDOW);
        window.make_mut()[..HEADER_BYTES].copy_from_slice(&header(fingerprint));
        Ok(Self { file, path, window, filled: HEADER_BYTES, written: 0, entries: Vec::new(), checksums: Vec::new() })
    }

    /// Appends a matrix, whose bytes `pack` writes.
    ///
    /// # Errors
    /// [`RuntimeError::PackedCache`] when the disk is full or fails.
    pub fn append(
        &mut self,
        key: &Key,
        layout: &PackedLayout,
        pack: impl FnOnce(&mut [u8]),
    ) -> Result<(), RuntimeError> {
        let len = layout.bytes();
        if self.filled + len > self.window.len() {
            self.flush(self.filled / CHUNK * CHUNK)?;
        }
        if self.filled + len > self.window.len() {
            let mut window = Bytes::zeroed_in_huge_pages(self.filled + len);
            window.make_mut()[..self.filled].copy_from_slice(&self.window[..self.filled]);
            self.window = window;
        }
        self.entries.extend_from_slice(key);
        self.entries.extend_from_slice(&layout.to_record());
        self.entries.extend_from_slice(&((self.written + self.filled) as u64).to_le_bytes());
        pack(&mut self.window.make_mut()[self.filled..self.filled + len]);
        self.filled += len;
        Ok(())
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// As [`Writer::append`].
    pub fn finish(mut self) -> Result<(), RuntimeError> {
        self.flush(self.filled)?;
        let Self { mut file, path, written, entries, checksums, .. } = self;
        let mut table = entries;
        let count = (table.len() / super::ENTRY_BYTES) as u32;
        table.extend_from_slice(&checksums);
        table.extend_from_slice(&(written as u64).to_le_bytes());
        table.extend_from_slice(&count.to_le_bytes());
        table.extend_from_slice(&crc32fast::hash(&table).to_le_bytes());
        file.write_all(&table).map_err(|source| cannot_write(&path, &source))?;
        file.persist(&path).map_err(|error| cannot_write(&path, &error.error))?;
        Ok(())
    }

    /// Writes the first `len` bytes of the window: whole chunks, or the last ones.
    fn flush(&mut self, len: usize) -> Result<(), RuntimeError> {
        let window = self.window.make_mut();
        for chunk in window[..len].chunks(CHUNK) {
            self.checksums.extend_from_slice(&crc32fast::hash(chunk).to_le_bytes());
        }
        self.file.write_all(&window[..len]).map_err(|source| cannot_write(&self.path, &source))?;
        window.copy_within(len..self.filled, 0);
        self.filled -= len;
        self.written += len;
        Ok(())
    }
}

fn cannot_write(path: &Path, source: &io::Error) -> RuntimeError {
    RuntimeError::PackedCache { path: path.to_owned(), reason: format!("cannot be written: {source}") }
}

/// An empty file in the folder of `path`, removed unless it is completed.
fn temporary(path: &Path, like: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    if let Some(like) = like.filter(|_| cfg!(unix)) {
        builder.permissions(like.permissions());
    }
    builder.tempfile_in(folder)
}
