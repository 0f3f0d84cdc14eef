//! Reading the small files beside a model.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::LlmError;

/// The largest JSON configuration that is read; a chat template may take a few hundred kilobytes.
const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Reads a whole file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LlmError> {
    let io = |source| LlmError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(io)?;
    let size = file.metadata().map_err(io)?.len();
    let too_large = |size| LlmError::TooLarge { path: path.to_owned(), size, limit };
    if size > limit {
        return Err(too_large(size));
    }
    let mut bytes = Vec::new();
    // A pipe or device has no length of its own.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > limit { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

/// Reads a JSON configuration; `None` when there is no such file.
pub(crate) fn read_json(path: &Path) -> Result<Option<Value>, LlmError> {
    let Some(bytes) = read_if_present(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|e| LlmError::Config { path: path.to_owned(), reason: format!("not valid JSON: {e}") })
}

/// Reads a text file; `None` when there is no such file.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, LlmError> {
    let Some(bytes) = read_if_present(path)? else { return Ok(None) };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|e| LlmError::Config { path: path.to_owned(), reason: format!("not UTF-8: {e}") })
}

fn read_if_present(path: &Path) -> Result<Option<Vec<u8>>, LlmError> {
    match read(path, MAX_CONFIG_BYTES) {
        Err(LlmError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// The paths of what a folder holds.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, LlmError> {
    let io = |source| LlmError::Io { path: folder.to_owned(), source };
    std::fs::read_dir(folder).map_err(io)?.map(|entry| Ok(entry.map_err(io)?.path())).collect()
}

/// Writes a file so that a reader sees either the old contents or all of the new.
pub(crate) fn write_atomically(path: &Path, contents: &[u8]) -> Result<(), LlmError> {
    let io = |source| LlmError::Io { path: path.to_owned(), source };
    let partial = path.with_extension("partial");
    std::fs::write(&partial, contents).map_err(io)?;
    std::fs::rename(&partial, path).map_err(io)
}
