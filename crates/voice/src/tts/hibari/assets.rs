//! The files of the package hibari-tts.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use serde::de::DeserializeOwned;

use crate::VoiceError;

/// No file is longer, unpacked.
const MAX_BYTES: u64 = 64 << 20;

/// A folder with the files.
pub(super) struct Assets<'a>(pub &'a Path);

impl Assets<'_> {
    pub(super) fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }

    /// What a JSON file says, packed if its name ends in `gz`.
    ///
    /// # Errors
    /// [`VoiceError::Io`] when it cannot be opened, [`VoiceError::Malformed`] when it is something else.
    pub(super) fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, VoiceError> {
        let path = self.path(name);
        let opened = File::open(&path);
        let file = opened.map_err(|source| VoiceError::Io { action: "open", path: path.clone(), source })?;
        let mut text = Vec::new();
        let read = if name.ends_with(".gz") {
            GzDecoder::new(BufReader::new(file)).take(MAX_BYTES).read_to_end(&mut text)
        } else {
            file.take(MAX_BYTES).read_to_end(&mut text)
        };
        read.map_err(|error| self.malformed(name, error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| self.malformed(name, error.to_string()))
    }

    pub(super) fn malformed(&self, name: &str, found: String) -> VoiceError {
        VoiceError::Malformed { path: self.path(name), expected: format!("{name} of the package hibari-tts"), found }
    }
}
