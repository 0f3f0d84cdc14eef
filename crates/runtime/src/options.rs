//! How a model is loaded and called.

use std::{fmt, ops::ControlFlow};

use crate::RuntimeError;

/// Hardware that a model may use, as Core ML's `MLComputeUnits` names it. What a machine or a back end does not have falls
/// back to the CPU, and [`crate::Model::placement`] says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ComputeUnits {
    /// Whatever there is.
    #[default]
    All,
    /// The CPU alone.
    CpuOnly,
    /// CPU and GPU.
    CpuAndGpu,
    /// CPU and Neural Engine.
    CpuAndNeuralEngine,
}

impl fmt::Display for ComputeUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "CPU, GPU and Neural Engine",
            Self::CpuOnly => "CPU alone",
            Self::CpuAndGpu => "CPU and GPU",
            Self::CpuAndNeuralEngine => "CPU and Neural Engine",
        })
    }
}

/// What runs a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// The interpreter that defines what every operation means: slow, and able to run every supported package.
    Reference,
    /// Fused steps and SIMD kernels.
    Cpu,
    /// Apple's Core ML, from macOS 15 and iOS 18 on; elsewhere it is refused. A package that it cannot run, on any of the
    /// units asked for, runs on the cpu back end, and [`crate::Model::placement`] says why.
    CoreMl,
}

/// How numbers are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Weights as the package holds them, activations of linear layers rounded to integers per block of 32 where the
    /// weights are integers: 16 bits for up to eight rows, 8 bits for more. The reference back end rounds every result to
    /// its declared type, as Core ML's f16 programs do.
    #[default]
    Fast,
    /// f32 throughout. Outputs are f32 then; states keep their declared type.
    Exact,
}

/// Options of [`crate::Model::load`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Hardware to use.
    pub compute_units: ComputeUnits,
    /// What runs the model; by default the cpu back end, or the reference one for packages that have no plan on it.
    pub backend: Option<BackendKind>,
    /// How numbers are computed.
    pub precision: Precision,
    /// Threads; by default as many as the CPU affinity and the cgroup quota allow.
    pub threads: Option<usize>,
    /// Function to run; by default the package's default function.
    pub function: Option<String>,
    /// Keep packed weights in a file beside the package ([`crate::packed_cache`]), which later loads map: they are much
    /// faster, and processes that run the same model share its memory; with Core ML, keep the compiled model there. Off by
    /// default, since a library has no business writing files as large as the model unasked. If it cannot be written, the
    /// model loads without it, and [`crate::Model::placement`] says why.
    pub packed_cache: bool,
}

/// What a load that takes long is about to do. How far it is within a stage, Core ML does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadStage {
    /// Core ML compiles the package: once for each version of it where the compiled model is kept.
    Compiling,
    /// Core ML prepares the model for these units and computes a token on them, which may take a minute on the first load.
    Preparing(ComputeUnits),
    /// Our own engine reads the weights.
    Reading,
}

/// Is told of every stage before it begins, and ends the load by breaking.
pub(crate) type Observe<'a> = &'a mut dyn FnMut(LoadStage) -> ControlFlow<()>;

/// # Errors
/// [`RuntimeError::Cancelled`] when the caller wants no more.
pub(crate) fn begin(stage: LoadStage, observe: Observe<'_>) -> Result<(), RuntimeError> {
    match observe(stage) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(RuntimeError::Cancelled),
    }
}

/// Which rows of the outputs a caller wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputRows {
    /// All of them.
    #[default]
    All,
    /// Only the last: enough to generate, and much less work for a large vocabulary. Outputs have one row then. Back ends
    /// and packages that cannot tell rows apart give all of them.
    Last,
}

/// Options of one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PredictOptions {
    /// Rows of the outputs.
    pub rows: OutputRows,
    /// Let a call begin before the end of the state, which overwrites positions; otherwise that is an error.
    pub allow_overwrite: bool,
}
