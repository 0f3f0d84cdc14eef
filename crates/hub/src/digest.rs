use std::{
    fs::File,
    io::{self, Read, Write},
    path::Path,
};

use sha2::Digest;

use crate::{HubError, Sha256};

/// Passes bytes on to `inner` and hashes those that were written.
pub(crate) struct HashingWriter<W> {
    inner: W,
    hasher: sha2::Sha256,
    written: u64,
}

impl<W> HashingWriter<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), written: 0 }
    }

    /// Bytes so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Hashes bytes that are already there without writing them.
    pub fn absorb(&mut self, reader: &mut impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 256 << 10];
        loop {
            match reader.read(&mut buffer)? {
                0 => return Ok(()),
                count => {
                    self.hasher.update(&buffer[..count]);
                    self.written += count as u64;
                }
            }
        }
    }

    /// The writer and the checksum of everything that passed.
    pub fn finish(self) -> (W, Sha256) {
        (self.inner, Sha256(self.hasher.finalize().into()))
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(data)?;
        self.hasher.update(&data[..count]);
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The checksum of a file's contents.
///
/// # Errors
/// [`HubError::Io`] when the file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<Sha256, HubError> {
    let mut hasher = HashingWriter::new(io::sink());
    let read = File::open(path).and_then(|mut file| hasher.absorb(&mut file));
    read.map_err(|error| HubError::io("read", path, error))?;
    Ok(hasher.finish().1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_fips_180() {
        let mut writer = HashingWriter::new(Vec::new());
        writer.absorb(&mut &b"a"[..]).unwrap();
        writer.write_all(b"bc").unwrap();
        assert_eq!(writer.written(), 3);
        let (written, sha256) = writer.finish();
        assert_eq!(written, b"bc");
        assert_eq!(sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
