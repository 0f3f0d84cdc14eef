use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use crate::{Sha256, Source};

/// What can go wrong while a model is fetched or installed.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// No model of that name.
    #[error("the catalogue has no model '{name}'; it has {}", known.join(", "))]
    UnknownModel {
        /// Name asked for.
        name: String,
        /// Names in the catalogue.
        known: Vec<String>,
    },
    /// A model that does not exist for this platform.
    #[error("'{name}' has no file for {platform}")]
    Platform {
        /// Name asked for.
        name: String,
        /// Operating system and processor.
        platform: String,
    },
    /// The cache holds nothing of that name.
    #[error("the cache has no model '{name}'; it has {}", if known.is_empty() { "none".into() } else { known.join(", ") })]
    NotInCache {
        /// Name asked for.
        name: String,
        /// Names in the cache.
        known: Vec<String>,
    },
    /// A catalogue that does not follow the rules.
    #[error("catalogue: {0}")]
    Catalogue(String),
    /// The platform names no cache folder.
    #[error("no cache folder: set HOME, or SOTTOVOCE_CACHE to a folder of your choice")]
    NoCacheFolder,
    /// A file or folder of the cache could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, `create` for instance.
        action: &'static str,
        /// File or folder.
        path: PathBuf,
        /// Cause from the operating system.
        source: io::Error,
    },
    /// The disk is full. Nothing half-made stays behind, except a partial download that the next attempt continues.
    #[error("the disk with {} is full; free some space, or set SOTTOVOCE_CACHE to a folder elsewhere", path.display())]
    DiskFull {
        /// File that was being written.
        path: PathBuf,
    },
    /// What a source delivered is not the file of the catalogue.
    #[error("{file} has SHA-256 {found}, expected {expected}; it was thrown away")]
    Checksum {
        /// Name of the file.
        file: String,
        /// What the catalogue says.
        expected: Sha256,
        /// What arrived.
        found: Sha256,
    },
    /// What a source delivered has another size than the file of the catalogue.
    #[error("{file} has {found} bytes, expected {expected}")]
    Size {
        /// Name of the file.
        file: String,
        /// What the catalogue says.
        expected: u64,
        /// What arrived or was announced.
        found: u64,
    },
    /// The connection ended too early; the next attempt continues from there.
    #[error("the connection ended after {received} of {expected} bytes ({reason}); the next attempt continues there")]
    Interrupted {
        /// Bytes on disk.
        received: u64,
        /// Size of the file.
        expected: u64,
        /// What the connection reported.
        reason: String,
    },
    /// A web server could not be reached or refused.
    #[error("{url}: {reason}")]
    Http {
        /// Address.
        url: String,
        /// Cause.
        reason: String,
    },
    /// Python or npm is not there.
    #[error("{program} is not installed")]
    NotInstalled {
        /// Name of the program.
        program: String,
    },
    /// `pip` or `npm` failed.
    #[error("{command}: {reason}")]
    Command {
        /// Command line.
        command: String,
        /// Its last words, or why it could not be started.
        reason: String,
    },
    /// A wheel or tarball that cannot be read or lacks the member.
    #[error("{}: {reason}", archive.display())]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Every source of a file failed.
    #[error("no source delivered {file}:{}", list(attempts))]
    NoSource {
        /// Name of the file.
        file: String,
        /// Sources with the reason why each failed, in the order they were tried.
        attempts: Vec<Attempt>,
    },
    /// The observer asked to stop.
    #[error("stopped")]
    Cancelled,
}

/// A source that was tried, and why it failed.
#[derive(Debug)]
pub struct Attempt {
    /// The source.
    pub source: Source,
    /// Why it failed.
    pub error: HubError,
}

fn list(attempts: &[Attempt]) -> String {
    attempts.iter().map(|attempt| format!("\n  {}: {}", attempt.source, attempt.error)).collect()
}

impl HubError {
    /// Wraps an I/O error, telling a full disk from the rest.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path: path.to_owned() },
            _ => Self::Io { action, path: path.to_owned(), source },
        }
    }

    pub(crate) fn archive(archive: &Path, reason: impl fmt::Display) -> Self {
        Self::Archive { archive: archive.to_owned(), reason: reason.to_string() }
    }

    /// True when another source would fail in the same way.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::Cancelled | Self::DiskFull { .. } | Self::Io { .. } | Self::NoCacheFolder)
    }
}
