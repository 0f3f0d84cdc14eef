use std::{io, path::PathBuf};

use sottovoce_mil::MilError;
use sottovoce_tensor::TensorError;

/// Everything that can go wrong between a checkpoint and a package.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, `read` for instance.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Cause from the operating system.
        source: io::Error,
    },
    /// The source is neither a GGUF file nor a Hugging Face folder.
    #[error("{} is neither a GGUF file nor a folder with config.json and safetensors files", path.display())]
    UnknownSource {
        /// The source.
        path: PathBuf,
    },
    /// A checkpoint file breaks the rules of its format.
    #[error("{}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What was expected and what was found.
        what: String,
    },
    /// The checkpoint needs something that no recipe builds.
    #[error("{}: {what}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The configuration key, architecture or tensor, and what is supported.
        what: String,
    },
    /// A tensor that the architecture needs is not in the checkpoint.
    #[error("{}: tensor {name} is missing", path.display())]
    MissingTensor {
        /// The checkpoint.
        path: PathBuf,
        /// Name in the checkpoint's own convention.
        name: String,
    },
    /// Second moments that are none.
    #[error("the second moments of {width} inputs are {width} x {width} finite values, squares 0 or more: {what}")]
    Moments {
        /// Elements of an input row.
        width: usize,
        /// What was found.
        what: String,
    },
    /// Moments of inputs or outputs that a weight does not have.
    #[error("the moments given for {weight} are of {found} {side}, it has {expected}")]
    MomentsWidth {
        /// The program's name of the weight.
        weight: String,
        /// "inputs" or "outputs".
        side: &'static str,
        /// Those of the moments.
        found: usize,
        /// Those of the weight.
        expected: usize,
    },
    /// Activation statistics could not be gathered.
    #[error("cannot calibrate {weight}: {source}")]
    Calibration {
        /// The program's name of the weight.
        weight: String,
        /// Cause.
        source: crate::quantize::CalibrationError,
    },
    /// The instruction set that was asked for is not there.
    #[error("{0}")]
    Kernels(String),
    /// A tensor has another shape than the configuration says.
    #[error("{}: tensor {name} has shape {found:?}, the configuration asks for {expected:?}", path.display())]
    TensorShape {
        /// The checkpoint.
        path: PathBuf,
        /// Name in the checkpoint's own convention.
        name: String,
        /// Shape by the configuration.
        expected: Vec<usize>,
        /// Shape in the checkpoint.
        found: Vec<usize>,
    },
    /// A weight that no 16-bit float holds.
    #[error(
        "tensor {name} holds {value}, which is not a finite 16-bit float; the checkpoint is damaged or needs another format"
    )]
    NotFinite {
        /// Name of the tensor.
        name: String,
        /// The weight.
        value: f32,
    },
    /// An option that does not fit the model.
    #[error("{0}")]
    Option(String),
    /// The progress callback asked to stop; nothing was left behind.
    #[error("conversion cancelled")]
    Cancelled,
    /// Building or writing the package failed.
    #[error(transparent)]
    Mil(#[from] MilError),
    /// A tensor literal could not be built.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl ConvertError {
    /// Wraps an I/O error with what was tried on which path.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
