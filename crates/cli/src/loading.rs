//! The options that every command with a MODEL shares, and loading it.

use std::{
    num::NonZeroUsize,
    ops::ControlFlow,
    panic::resume_unwind,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use sottovoce_llm::{
    load::{LoadReport, ModelFolder, Packages, TokenizerSource},
    package::PackageModel,
};
use sottovoce_runtime::{BackendKind, ComputeUnits, LoadOptions, LoadStage, Model, Precision};

use crate::{console, model_folder};

/// How to load a model.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Running the model")]
pub struct ModelOptions {
    /// Tokenizer for a package that comes without one: tokenizer.json, tokenizer.model, a GGUF file, or a folder with one
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    #[command(flatten)]
    runtime: RuntimeOptions,
}

/// How to run a package.
#[derive(Clone, Debug, clap::Args)]
pub struct RuntimeOptions {
    #[command(flatten)]
    package: PackageOptions,
    /// Threads [default: what the CPU affinity and the cgroup quota allow]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// What of a package to run, and how exactly.
#[derive(Clone, Debug, clap::Args)]
pub struct PackageOptions {
    /// Function of the package to run [default: the package's default function]
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Compute everything in f32
    #[arg(long)]
    exact: bool,
    /// Keep nothing beside the package: pack the weights for this run instead of mapping NAME.packed, and with core-ml compile
    /// the package for it
    #[arg(long)]
    no_packed_cache: bool,
    /// What runs the model [default: cpu, or reference for a package that cpu has no plan for]
    #[arg(long, value_enum)]
    backend: Option<Backend>,
    /// Hardware that core-ml may use; where it refuses, less is tried, then our own engine
    #[arg(long, value_enum, value_name = "UNITS", default_value_t)]
    compute_units: Units,
}

/// Back ends by their names here.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Backend {
    /// Fused steps and SIMD kernels, on any machine
    Cpu,
    /// The interpreter that defines every operation: slow
    Reference,
    /// Apple's Core ML: macOS 15, iOS 18
    CoreMl,
}

/// Compute units by their names here.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Units {
    /// Whatever there is
    #[default]
    All,
    CpuOnly,
    CpuAndGpu,
    CpuAndNeuralEngine,
}

impl From<Backend> for BackendKind {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Cpu => Self::Cpu,
            Backend::Reference => Self::Reference,
            Backend::CoreMl => Self::CoreMl,
        }
    }
}

impl From<Units> for ComputeUnits {
    fn from(units: Units) -> Self {
        match units {
            Units::All => Self::All,
            Units::CpuOnly => Self::CpuOnly,
            Units::CpuAndGpu => Self::CpuAndGpu,
            Units::CpuAndNeuralEngine => Self::CpuAndNeuralEngine,
        }
    }
}

impl ModelOptions {
    /// The runtime's options.
    pub fn load_options(&self) -> LoadOptions {
        self.runtime.load_options()
    }
}

impl RuntimeOptions {
    /// The runtime's options.
    pub fn load_options(&self) -> LoadOptions {
        self.package.load_options(self.threads.map(NonZeroUsize::get))
    }
}

impl PackageOptions {
    /// The runtime's options; without `threads` as many as the machine allows.
    pub fn load_options(&self, threads: Option<usize>) -> LoadOptions {
        LoadOptions {
            precision: if self.exact { Precision::Exact } else { Precision::Fast },
            threads,
            function: self.function.clone(),
            packed_cache: !self.no_packed_cache,
            backend: self.backend.map(BackendKind::from),
            compute_units: self.compute_units.into(),
        }
    }
}

/// A model that is ready to run.
pub struct LoadedModel {
    /// Tokenizer and template.
    pub folder: ModelFolder,
    /// The package that was taken.
    pub model: PackageModel,
    /// Which one that was, and why.
    pub report: LoadReport,
}

/// Finds, prepares and loads a model, and says on stderr which package was taken and what runs it.
///
/// # Errors
/// It cannot be found, prepared or loaded.
pub fn load(name: &str, options: &ModelOptions) -> anyhow::Result<LoadedModel> {
    load_with(name, options.tokenizer.as_deref(), &options.load_options())
}

/// As [`load`], with a tokenizer for a package that comes without one, and the runtime's options.
///
/// # Errors
/// As [`load`].
pub fn load_with(name: &str, tokenizer: Option<&Path>, load_options: &LoadOptions) -> anyhow::Result<LoadedModel> {
    let path = model_folder::find(name)?;
    let packages = Packages::open(&path)?;
    let source = find_tokenizer(&path, tokenizer)?;
    // Reading a large vocabulary takes as long as loading the package.
    let (folder, loaded) = thread::scope(|scope| {
        let folder = scope.spawn(|| ModelFolder::open_with_tokenizer(&path, source));
        let loaded = packages.load(|package| {
            let model = Model::load_observed(&package.path, load_options, &mut say_stage);
            let model = model.map_err(anyhow::Error::from)?;
            anyhow::Ok(PackageModel::new(Arc::new(model))?)
        });
        (folder.join().unwrap_or_else(|panic| resume_unwind(panic)), loaded)
    });
    let (folder, (model, report)) = (folder?, loaded?);
    console::note(format_args!("{report} · {} threads", model.model().threads()));
    for note in &model.model().placement().notes {
        console::warn(note);
    }
    Ok(LoadedModel { folder, model, report })
}

/// Says what takes long. Ctrl-C ends the program at any stage.
fn say_stage(stage: LoadStage) -> ControlFlow<()> {
    match stage {
        LoadStage::Compiling => console::note("Core ML compiles the package"),
        LoadStage::Preparing(units) => console::note(format_args!("Core ML prepares the model: {units}")),
        LoadStage::Reading => {}
    }
    ControlFlow::Continue(())
}

/// Where a model's tokenizer comes from; what there is to warn of goes to stderr.
///
/// # Errors
/// There is none.
pub fn find_tokenizer(model: &Path, given: Option<&Path>) -> anyhow::Result<TokenizerSource> {
    let source = TokenizerSource::find(model, given)?;
    if let Some(warning) = source.warning() {
        console::warn(warning);
    }
    Ok(source)
}
