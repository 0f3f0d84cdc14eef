//! A checkpoint turned into a model folder.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use sottovoce_convert::{
    Calibration, Checkpoint, ConvertOptions, Progress, Report, convert, convert_calibrated, gguf::Gguf, package_name,
};
use sottovoce_hub::{Provenance, ProvenanceFile, sha256_of_file};
use sottovoce_llm::tokenizer::Vocabulary;

use super::{CONVERTED_BY, RandomShape};
use crate::{console, interrupt, progress};

/// Files of a Hugging Face folder that turn text into tokens and back.
const TOKENIZER_FILES: [&str; 6] = [
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "generation_config.json",
    "chat_template.jinja",
];

/// What a model folder gets that its checkpoint does not say.
#[derive(Debug, Default)]
pub struct Additions {
    /// Name of the model; `None` for that of the file or folder.
    pub name: Option<String>,
    /// A tokenizer instead of the checkpoint's: a file, a folder, or a catalogue name.
    pub tokenizer: Option<String>,
}

impl Additions {
    fn tokenizer(&self) -> anyhow::Result<Option<TokenizerSource>> {
        self.tokenizer.as_deref().map(TokenizerSource::named).transpose()
    }
}

/// What a model folder is made of.
pub struct Original {
    /// Its weights.
    pub checkpoint: Checkpoint,
    tokenizer: TokenizerSource,
    /// Where it comes from, if it is a catalogue model's.
    provenance: Option<Provenance>,
}

impl Original {
    /// The original that `name` means: a file or folder, or a catalogue model's, which is fetched.
    ///
    /// # Errors
    /// It is neither, or cannot be fetched or opened; the tokenizer that was asked for cannot be had.
    pub fn find(name: &str, additions: &Additions) -> anyhow::Result<Self> {
        let (path, provenance) = super::find_checkpoint(name)?;
        let mut checkpoint = Checkpoint::open(&path)?;
        checkpoint.name = additions.name.clone().unwrap_or(checkpoint.name);
        let tokenizer = additions.tokenizer()?.map_or_else(|| TokenizerSource::find(&path), Ok)?;
        Ok(Self { checkpoint, tokenizer, provenance })
    }

    /// Converts it into a package in `folder`, with its tokenizer and `sottovoce.toml`, by statistics of activations if
    /// `calibration` has them. Returns the package and what was done to the weights.
    ///
    /// # Errors
    /// It cannot be converted, or writing fails.
    pub fn make(
        &self,
        folder: &Path,
        options: &ConvertOptions,
        calibration: Option<&mut dyn Calibration>,
    ) -> anyhow::Result<(PathBuf, Report)> {
        let made = write_package_into(&self.checkpoint, folder, options, calibration)?;
        self.tokenizer.write(folder)?;
        match &self.provenance {
            Some(provenance) => provenance.write(folder)?,
            None => describe_source(&self.checkpoint)?.write(folder)?,
        }
        Ok(made)
    }

    /// Writes a package that loses nothing, and the tokenizer, into `folder`, which is not meant to stay: nobody is told.
    ///
    /// # Errors
    /// It cannot be converted, or writing fails.
    pub fn write_whole(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let options = ConvertOptions::default();
        let package = folder.join(package_name(&self.checkpoint, &options)?);
        write_with_progress(&self.checkpoint, &package, &options, None)?;
        self.tokenizer.write(folder)?;
        Ok(package)
    }
}

/// Makes a package of random weights in `folder`, with a `sottovoce.toml` that says so. A shape whose model is known gets its
/// name, and its tokenizer where that can be had.
///
/// # Errors
/// The configuration cannot be read or built, the tokenizer that was asked for cannot be had, or writing fails.
pub fn make_random(
    shape: &RandomShape,
    folder: &Path,
    options: &ConvertOptions,
    additions: &Additions,
) -> anyhow::Result<(PathBuf, Report)> {
    let mut checkpoint = shape.checkpoint(options.quantize)?;
    let mut tokenizer = additions.tokenizer()?;
    if let Some((name, files)) = shape.published() {
        checkpoint.name = name.to_owned();
        if tokenizer.is_none() {
            let found = TokenizerSource::named(files);
            tokenizer = found.inspect_err(|error| console::warn(format_args!("no tokenizer: {error:#}"))).ok();
        }
    }
    checkpoint.name = additions.name.clone().unwrap_or(checkpoint.name);
    let made = write_package_into(&checkpoint, folder, options, None)?;
    if let Some(tokenizer) = &tokenizer {
        tokenizer.write(folder)?;
    }
    let without = if tokenizer.is_none() { " and has no tokenizer" } else { "" };
    let provenance = Provenance {
        name: format!("{shape}, random weights"),
        source: format!("random numbers: this model serves to measure speed, it says nothing{without}"),
        licence: "none needed".to_owned(),
        converted_by: CONVERTED_BY.to_owned(),
        files: Vec::new(),
    };
    provenance.write(folder)?;
    Ok(made)
}

/// Writes the package of `checkpoint`, and nothing else, into `folder`, which is made if need be.
///
/// # Errors
/// The checkpoint cannot be converted, or writing fails.
pub fn write_package_into(
    checkpoint: &Checkpoint,
    folder: &Path,
    options: &ConvertOptions,
    calibration: Option<&mut dyn Calibration>,
) -> anyhow::Result<(PathBuf, Report)> {
    let package = folder.join(package_name(checkpoint, options)?);
    let report = fill(folder, || write_with_progress(checkpoint, &package, options, calibration))?;
    console::note(format_args!("made {}", package.file_name().unwrap_or_default().display()));
    Ok((package, report))
}

/// Does what puts something into `folder`, which is made if need be, and does not stay if that fails.
///
/// # Errors
/// The folder cannot be made; as `work`.
pub fn fill<T>(folder: &Path, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let existed = folder.is_dir();
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    work().inspect_err(|_| {
        if !existed {
            // It is empty; if not, it is not ours to remove.
            let _ = fs::remove_dir(folder);
        }
    })
}

fn write_with_progress(
    checkpoint: &Checkpoint,
    package: &Path,
    options: &ConvertOptions,
    calibration: Option<&mut dyn Calibration>,
) -> anyhow::Result<Report> {
    let name = package.file_name().unwrap_or_default().display();
    let bar = progress::byte_bar(0, format!("converting {name}"));
    let show = &mut |progress: Progress<'_>| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        interrupt::check()
    };
    let report = match calibration {
        Some(calibration) => convert_calibrated(checkpoint, package, options, calibration, show),
        None => convert(checkpoint, package, options, show),
    };
    bar.finish_and_clear();
    Ok(report?)
}

/// What turns text into tokens and back, in a checkpoint.
enum TokenizerSource {
    /// The vocabulary of a GGUF file.
    Vocabulary(Box<Vocabulary>),
    /// Files of a Hugging Face folder.
    Files(Vec<PathBuf>),
}

impl TokenizerSource {
    /// The tokenizer that `text` means: a file or folder, or a catalogue name.
    fn named(text: &str) -> anyhow::Result<Self> {
        let path = super::find_text_files(text)?;
        let is_part = path.file_name().is_some_and(|name| TOKENIZER_FILES.iter().any(|file| name == *file));
        // Other files may have to be beside it.
        let source = if is_part { path.parent().unwrap_or(&path) } else { &path };
        match Self::find(if source.as_os_str().is_empty() { Path::new(".") } else { source })? {
            Self::Files(files) if files.is_empty() => bail!("there is no tokenizer in {}", path.display()),
            found => Ok(found),
        }
    }

    fn find(source: &Path) -> anyhow::Result<Self> {
        if !source.is_dir() {
            let vocabulary = Vocabulary::from_gguf(&Gguf::open(source)?.metadata);
            return Ok(vocabulary.map_or_else(
                |error| {
                    console::warn(format_args!("no tokenizer, so running the model needs --tokenizer: {error}"));
                    Self::Files(Vec::new())
                },
                |vocabulary| Self::Vocabulary(Box::new(vocabulary)),
            ));
        }
        let files: Vec<_> =
            TOKENIZER_FILES.map(|name| source.join(name)).into_iter().filter(|file| file.is_file()).collect();
        if !TOKENIZER_FILES[..2].iter().any(|name| source.join(name).is_file()) {
            console::warn(
                "no tokenizer, so running needs --tokenizer: the folder has no tokenizer.json or tokenizer.model",
            );
        }
        Ok(Self::Files(files))
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        match self {
            Self::Vocabulary(vocabulary) => vocabulary.write(folder)?,
            Self::Files(files) => {
                for from in files {
                    let to = folder.join(from.file_name().unwrap_or_default());
                    // A folder may be converted into itself.
                    if fs::canonicalize(from).ok() != fs::canonicalize(&to).ok() {
                        fs::copy(from, &to)
                            .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Name, licence and checksums of a checkpoint that is no catalogue model.
fn describe_source(checkpoint: &Checkpoint) -> anyhow::Result<Provenance> {
    let (source, mut files) = (checkpoint.path.as_path(), Vec::new());
    if source.is_file() {
        files.push(source.to_owned());
    } else {
        let entries = fs::read_dir(source).with_context(|| format!("cannot read {}", source.display()))?;
        let weights = entries.filter_map(|entry| Some(entry.ok()?.path()));
        files.extend(weights.filter(|path| path.extension().is_some_and(|extension| extension == "safetensors")));
        files.sort();
    }
    let describe = |path: &PathBuf| -> anyhow::Result<ProvenanceFile> {
        let size = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(ProvenanceFile { name, size, sha256: sha256_of_file(path)?.to_string() })
    };
    Ok(Provenance {
        name: checkpoint.name.clone(),
        source: source.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        licence: checkpoint.licence.clone().unwrap_or_else(|| "not stated by the source".to_owned()),
        converted_by: CONVERTED_BY.to_owned(),
        files: files.iter().map(describe).collect::<anyhow::Result<_>>()?,
    })
}
