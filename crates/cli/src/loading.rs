//! The options that every command with a MODEL shares, and loading it.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc};

use sottovoce_llm::{
    load::{ModelFolder, Packages},
    package::PackageModel,
};
use sottovoce_runtime::{LoadOptions, Model, Precision};

use crate::{console, model_folder};

/// How to load a model.
#[derive(Clone, Debug, clap::Args)]
pub struct ModelOptions {
    /// Tokenizer for a package that comes without one: tokenizer.json or the folder with it
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    #[command(flatten)]
    runtime: RuntimeOptions,
}

/// How to run a package.
#[derive(Clone, Debug, clap::Args)]
pub struct RuntimeOptions {
    /// Function of the package to run [default: the package's default function]
    #[arg(long, value_name = "NAME")]
    pub function: Option<String>,
    /// Threads [default: what the CPU affinity and the cgroup quota allow]
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Compute everything in f32
    #[arg(long)]
    pub exact: bool,
}

impl RuntimeOptions {
    /// The runtime's options.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            precision: if self.exact { Precision::Exact } else { Precision::Fast },
            threads: self.threads.map(NonZeroUsize::get),
            function: self.function.clone(),
            ..LoadOptions::default()
        }
    }
}

/// A model that is ready to run.
pub struct LoadedModel {
    /// Tokenizer and template.
    pub folder: ModelFolder,
    /// The package that was taken.
    pub model: PackageModel,
}

/// Finds, prepares and loads a model, and says on stderr which package was taken and what runs it.
///
/// # Errors
/// It cannot be found, prepared or loaded.
pub fn load(name: &str, options: &ModelOptions) -> anyhow::Result<LoadedModel> {
    let path = model_folder::find(name)?;
    let folder = match &options.tokenizer {
        Some(tokenizer) => ModelFolder::open_with_tokenizer(&path, tokenizer)?,
        None => ModelFolder::open(&path)?,
    };
    let model = load_first(&folder.packages, &options.runtime)?;
    Ok(LoadedModel { folder, model })
}

/// As [`load`] for work on token ids, which needs no tokenizer.
///
/// # Errors
/// As [`load`].
pub fn load_package(name: &str, options: &RuntimeOptions) -> anyhow::Result<PackageModel> {
    load_first(&Packages::open(&model_folder::find(name)?)?, options)
}

fn load_first(packages: &Packages, options: &RuntimeOptions) -> anyhow::Result<PackageModel> {
    let load_options = options.load_options();
    let (model, report) = packages.load(|package| {
        let model = Model::load(&package.path, &load_options).map_err(anyhow::Error::from)?;
        anyhow::Ok(PackageModel::new(Arc::new(model))?)
    })?;
    console::note(format_args!("{report} · {} threads", model.model().threads()));
    for note in &model.model().placement().notes {
        console::warn(note);
    }
    Ok(model)
}
