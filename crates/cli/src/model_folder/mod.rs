//! Model folders: found by name or path, and made from checkpoints.

mod make;
mod random_shape;

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use sottovoce_convert::ConvertOptions;
use sottovoce_hub::{CatalogueModel, Hub, Provenance};

use crate::{console, interrupt, progress::PullProgress};

pub use make::{Additions, Original, fill, make_random, write_package_into};
pub use random_shape::RandomShape;

/// Who converted a model, for its `sottovoce.toml`.
pub const CONVERTED_BY: &str = concat!("sottovoce ", env!("CARGO_PKG_VERSION"));

/// The model folder or package that `name` means: a path, or a catalogue model, which is fetched and converted when that
/// has not happened yet.
///
/// # Errors
/// It is neither, or cannot be fetched or converted.
pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let hub = Hub::from_env()?;
    catalogue_model(&hub, name)?;
    prepare(&hub, name)
}

/// The catalogue's model of a name that is no path.
fn catalogue_model<'h>(hub: &'h Hub, name: &str) -> anyhow::Result<&'h CatalogueModel> {
    let path = Path::new(name);
    let is_meant_as_path = path.components().count() > 1 || path.extension().is_some();
    hub.catalogue().model(name).map_err(|error| match is_meant_as_path {
        true => anyhow!("there is no file or folder '{name}'"),
        false => anyhow!("there is no file or folder '{name}', and {error}"),
    })
}

/// Where the tokenizer of the model that `name` means is to be looked for: a path, or a catalogue model, of which nothing is
/// converted.
///
/// # Errors
/// It is neither, or cannot be fetched.
pub fn find_text_files(name: &str) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.exists() {
        return Ok(path.to_owned());
    }
    let hub = Hub::from_env()?;
    catalogue_model(&hub, name)?;
    let model = hub.cache().model_folder(name);
    if model.is_dir() {
        return Ok(model);
    }
    let mut progress = PullProgress::default();
    hub.pull(name, &mut |event| progress.observe(event))?;
    Ok(hub.cache().download_folder(name))
}

/// The checkpoint that `source` means: a path, or the file or folder of a catalogue model, which is fetched.
///
/// # Errors
/// It is neither, or cannot be fetched.
pub fn find_checkpoint(source: &str) -> anyhow::Result<(PathBuf, Option<Provenance>)> {
    let path = Path::new(source);
    if path.exists() {
        return Ok((path.to_owned(), None));
    }
    let hub = Hub::from_env()?;
    let model = catalogue_model(&hub, source)?;
    let mut progress = PullProgress::default();
    let files = hub.pull(source, &mut |event| progress.observe(event))?;
    let provenance = Provenance::of(model, CONVERTED_BY);
    match files.iter().find(|file| file.extension().is_some_and(|extension| extension == "gguf")) {
        Some(gguf) => Ok((gguf.clone(), Some(provenance))),
        None if files.iter().any(|file| file.ends_with("config.json")) => {
            let folder = files.first().and_then(|file| file.parent()).context("the catalogue entry has no files")?;
            Ok((folder.to_owned(), Some(provenance)))
        }
        None => bail!("the catalogue's '{source}' holds no weights, so there is nothing to convert"),
    }
}

/// Makes sure that a catalogue model is in the cache as a model folder.
///
/// # Errors
/// It cannot be fetched or converted.
pub fn prepare(hub: &Hub, name: &str) -> anyhow::Result<PathBuf> {
    let folder = hub.cache().model_folder(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let original = Original::find(name, &Additions::default())?;
    let options = ConvertOptions::default();
    let waiting = || {
        console::note("waiting for another process that converts the same model");
        interrupt::check()
    };
    hub.cache().install(name, waiting, |folder| original.make(folder, &options, None).map(drop))
}
