//! Which package of a folder to run.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::{LlmError, files};

/// How a package's name says its weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weights {
    /// `NAME-Stateful-4bit-CONTEXT.mlpackage`; other widths likewise.
    Quantised(u8),
    /// `NAME-Stateful-CONTEXT.mlpackage`.
    F16,
    /// Any other name.
    Unnamed,
}

/// A package in a model folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// The `.mlpackage` folder.
    pub path: PathBuf,
    /// What its name says about its weights.
    pub weights: Weights,
    /// The context in tokens, if its name says so.
    pub context: Option<usize>,
}

impl Package {
    /// What the name of the package at `path` says.
    pub fn named(path: PathBuf) -> Self {
        let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
        let (head, context) = match stem.rsplit_once('-') {
            Some((head, last)) => (head, last.parse().ok()),
            None => (stem, None),
        };
        let variant = head.rsplit_once("-Stateful").filter(|_| context.is_some()).map(|(_, width)| width);
        let weights = match variant {
            Some("") => Weights::F16,
            Some(width) => {
                let bits = width.strip_prefix('-').and_then(|width| width.strip_suffix("bit")?.parse().ok());
                bits.map_or(Weights::Unnamed, Weights::Quantised)
            }
            None => Weights::Unnamed,
        };
        Self { path, weights, context }
    }
}

/// The packages of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packages {
    path: PathBuf,
    /// In the order to try them: few bits before many, f16, others; the larger context first.
    pub list: Vec<Package>,
}

impl Packages {
    /// The packages of a model folder, or a single `.mlpackage`.
    ///
    /// # Errors
    /// There is no package at `path`, or the folder cannot be read.
    pub fn open(path: &Path) -> Result<Self, LlmError> {
        let no_model = |reason: &str| LlmError::NoModel { path: path.to_owned(), reason: reason.to_owned() };
        let list = if is_package(path) {
            vec![Package::named(path.to_owned())]
        } else if path.is_dir() {
            in_folder(path)?
        } else {
            return Err(no_model("expected a model folder or an .mlpackage"));
        };
        if list.is_empty() {
            return Err(no_model("holds no .mlpackage; convert the model first"));
        }
        Ok(Self { path: path.to_owned(), list })
    }

    /// Loads the first package that `load` accepts, the 4-bit one before the f16 one, and says which and why.
    ///
    /// # Errors
    /// None was accepted; the message gives the reason for each.
    pub fn load<M, E: fmt::Display>(
        &self,
        mut load: impl FnMut(&Package) -> Result<M, E>,
    ) -> Result<(M, LoadReport), LlmError> {
        let mut report = LoadReport {
            attempts: Vec::new(),
            lacks_four_bit: self.list.first().is_some_and(|first| first.weights == Weights::F16),
        };
        for package in &self.list {
            let (model, error) = match load(package) {
                Ok(model) => (Some(model), None),
                Err(error) => (None, Some(error.to_string())),
            };
            report.attempts.push(Attempt { package: package.clone(), error });
            if let Some(model) = model {
                return Ok((model, report));
            }
        }
        Err(LlmError::NoModel { path: self.path.clone(), reason: format!("no package could be loaded\n{report}") })
    }
}

fn in_folder(folder: &Path) -> Result<Vec<Package>, LlmError> {
    let paths = files::list(folder)?.into_iter().filter(|path| is_package(path));
    let mut packages: Vec<Package> = paths.map(Package::named).collect();
    packages.sort_by(|a, b| (a.weights, b.context, &a.path).cmp(&(b.weights, a.context, &b.path)));
    Ok(packages)
}

/// Whether `path` is named like a package.
pub(super) fn is_package(path: &Path) -> bool {
    path.extension() == Some(OsStr::new("mlpackage"))
}

/// One package that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The package.
    pub package: Package,
    /// Why it was not taken; `None` for the one that was.
    pub error: Option<String>,
}

/// What was tried, in order, and what came of it; `Display` gives one line each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// The packages that were tried.
    pub attempts: Vec<Attempt>,
    /// Whether a folder that names its packages by weights lacks the 4-bit one.
    pub lacks_four_bit: bool,
}

impl LoadReport {
    /// File name of the package that was loaded.
    pub fn loaded(&self) -> Option<&OsStr> {
        self.attempts.iter().find(|attempt| attempt.error.is_none())?.package.path.file_name()
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.lacks_four_bit {
            writeln!(f, "no 4-bit package in the folder, taking the f16 one")?;
        }
        for (index, Attempt { package, error }) in self.attempts.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            let name = package.path.file_name().unwrap_or(package.path.as_os_str()).display();
            match error {
                None => write!(f, "loaded {name}")?,
                Some(error) => write!(f, "could not load {name}: {error}")?,
            }
        }
        Ok(())
    }
}
