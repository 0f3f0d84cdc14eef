use std::path::{Path, PathBuf};

use sottovoce_tensor::TensorError;

/// What can go wrong when a package, a weight file or a program's text is read or written.
#[derive(Debug, thiserror::Error)]
pub enum MilError {
    /// The operating system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, `read` for instance.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Cause from the operating system.
        source: std::io::Error,
    },
    /// `Manifest.json` is not one, or names no usable model.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The model is not protobuf, or is cut short, or nests too deeply.
    #[error("the model is not a valid protobuf: {reason}; the file is damaged or cut short, fetch or convert it again")]
    Protobuf {
        /// What is wrong.
        reason: String,
    },
    /// A limit that keeps hostile files from exhausting memory.
    #[error("{what} is too large: {found}, the limit is {limit}")]
    TooLarge {
        /// What is counted, with its unit.
        what: &'static str,
        /// The limit.
        limit: u64,
        /// What the file asks for.
        found: u64,
    },
    /// A Core ML model of another kind.
    #[error("expected an ML Program, found {found}; convert the model with `convert_to=\"mlprogram\"`")]
    NotMlProgram {
        /// The kind of model.
        found: String,
    },
    /// The program or its description is not well formed.
    #[error("{place}: {reason}")]
    Malformed {
        /// Function and operation, or feature.
        place: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// A blob was asked for and the weight file is not there.
    #[error("weight file {} is missing; planning and inspection work without it, running does not", path.display())]
    MissingWeights {
        /// Where it should be.
        path: PathBuf,
    },
    /// The weight file or one of its blobs is damaged, or does not fit the program.
    #[error("{}, {place}: {reason}", path.display())]
    Blob {
        /// The weight file.
        path: PathBuf,
        /// The blob's offset and, where known, the operation that uses it.
        place: String,
        /// What was expected and what was found.
        reason: String,
    },
    /// Text that does not parse as a program.
    #[error("line {line}, column {column}: {reason}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was expected and what was found.
        reason: String,
    },
    /// A tensor that cannot be made or mapped.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// Any of the above, with the file it happened in.
    #[error("{}: {source}", path.display())]
    In {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: Box<MilError>,
    },
}

impl MilError {
    pub(crate) fn malformed(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { place: place.into(), reason: reason.into() }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn in_file(self, path: &Path) -> Self {
        Self::In { path: path.to_owned(), source: Box::new(self) }
    }
}
