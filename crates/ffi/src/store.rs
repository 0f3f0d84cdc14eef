//! Models by name.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Arc,
};

use sottovoce_convert::{Checkpoint, ConvertOptions, convert, gguf::Gguf, package_name};
use sottovoce_hub::{Cache, Catalogue, Hub, Provenance};
use sottovoce_llm::tokenizer::Vocabulary;

use crate::{Cancellation, LanguageModel, LoadOptions, LoadProgress, ProgressListener, SottovoceError, progress::Work};

/// Where models are kept that are fetched by name.
#[derive(uniffi::Object)]
pub struct ModelStore {
    hub: Hub,
}

#[uniffi::export]
impl ModelStore {
    /// The store in `folder`; without one that of the command `sottovoce`, in the user's cache.
    ///
    /// # Errors
    /// The platform names no cache folder, so one has to be given.
    #[uniffi::constructor(default(folder = None))]
    pub fn new(folder: Option<String>) -> Result<Arc<Self>, SottovoceError> {
        let hub = match folder {
            Some(folder) => Hub::new(Catalogue::built_in()?, Cache::at(folder)),
            None => Hub::from_env()?,
        };
        Ok(Arc::new(Self { hub }))
    }

    /// Its folder.
    pub fn folder(&self) -> String {
        self.hub.cache().root().display().to_string()
    }

    /// Loads a language model: a model folder or package at a path, or a model of the catalogue, such as
    /// `smollm2-135m-instruct`, which is fetched and converted when that has not happened yet.
    ///
    /// # Errors
    /// It is neither, cannot be fetched, or cannot be loaded; or the call was cancelled.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn language_model(
        &self,
        name: String,
        options: LoadOptions,
        listener: Option<Arc<dyn ProgressListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<LanguageModel>, SottovoceError> {
        let work = &mut Work::new(listener, cancellation);
        let path = Path::new(&name);
        if path.exists() {
            return LanguageModel::open(path, &options, work);
        }
        let folder = self.model_folder(&name, work)?;
        LanguageModel::open(&folder, &LoadOptions { packed_cache: true, ..options }, work)
    }
}

impl ModelStore {
    /// The folder with the files of a catalogue model, which are fetched if need be.
    ///
    /// # Errors
    /// They cannot be fetched, or the work was stopped.
    pub(crate) fn files(&self, name: &str, work: &mut Work) -> Result<Vec<PathBuf>, SottovoceError> {
        let files = self.hub.pull(name, &mut |event| work.fetching(event));
        files.map_err(|error| work.error(error))
    }

    /// The model folder of a catalogue model, which is fetched and converted if need be.
    fn model_folder(&self, name: &str, work: &mut Work) -> Result<PathBuf, SottovoceError> {
        let cache = self.hub.cache();
        let folder = cache.model_folder(name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let model = self.hub.catalogue().model(name);
        let model = model.map_err(|error| SottovoceError::Fetch {
            reason: format!("there is no file or folder '{name}', and {error}"),
        })?;
        let files = self.files(name, work)?;
        let gguf = files.iter().find(|file| file.extension().is_some_and(|extension| extension == "gguf"));
        let gguf = gguf.ok_or_else(|| SottovoceError::Fetch {
            reason: format!("'{name}' holds no weights, so there is nothing to load"),
        })?;
        let provenance = Provenance::of(model, concat!("sottovoce ", env!("CARGO_PKG_VERSION")));
        let work = RefCell::new(work);
        let waiting = || work.borrow_mut().tell(LoadProgress::Waiting);
        let installed = cache.install(name, waiting, |folder| {
            make_folder(gguf, folder, &mut work.borrow_mut())?;
            Ok::<_, SottovoceError>(provenance.write(folder)?)
        });
        work.into_inner().check()?;
        installed
    }
}

/// Makes a package of a GGUF file in `folder`, with its tokenizer.
fn make_folder(gguf: &Path, folder: &Path, work: &mut Work) -> Result<(), SottovoceError> {
    let (checkpoint, options) = (Checkpoint::open(gguf)?, ConvertOptions::default());
    let package = folder.join(package_name(&checkpoint, &options)?);
    let converted = convert(&checkpoint, &package, &options, &mut |progress| {
        work.tell(LoadProgress::Converting { bytes: progress.done, of: progress.total })
    });
    converted?;
    Vocabulary::from_gguf(&Gguf::open(gguf)?.metadata)?.write(folder)?;
    Ok(())
}
