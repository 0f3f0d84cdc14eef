use std::{
    fs::{self, File, TryLockError},
    ops::ControlFlow,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use directories::ProjectDirs;

use crate::{HubError, catalogue::is_slug};

/// The folder with everything that was fetched or made from it.
///
/// `downloads/NAME/` holds verified files of the catalogue, `models/NAME/` what was made of them, `staging/NAME/` work in
/// progress, and `locks/NAME` keeps processes that want the same model apart.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

/// A model in the cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// Name.
    pub name: String,
    /// The folder of the model, when it was made.
    pub folder: Option<PathBuf>,
    /// Bytes of the model folder.
    pub model_bytes: u64,
    /// Bytes of downloaded files, partial ones included.
    pub download_bytes: u64,
}

/// The right to change the files of one model; given up on drop.
#[derive(Debug)]
pub struct CacheLock {
    _file: File,
    staging: PathBuf,
}

impl CacheLock {
    /// An empty folder for work in progress on the disk of the cache. What a killed process left in it is removed.
    pub(crate) fn staging(&self) -> Result<&Path, HubError> {
        remove_folder(&self.staging)?;
        create_folder(&self.staging)?;
        Ok(&self.staging)
    }
}

impl Drop for CacheLock {
    fn drop(&mut self) {
        // The next holder of the lock clears it again, so a failure here costs only disk space until then.
        let _ = fs::remove_dir_all(&self.staging);
    }
}

impl Cache {
    /// The cache at `SOTTOVOCE_CACHE`, else in the platform's folder (`~/.cache/sottovoce` on Linux).
    ///
    /// # Errors
    /// [`HubError::NoCacheFolder`] when the platform names none.
    pub fn from_env() -> Result<Self, HubError> {
        match std::env::var_os("SOTTOVOCE_CACHE").filter(|value| !value.is_empty()) {
            Some(root) => Ok(Self::at(root)),
            None => match ProjectDirs::from("", "", "sottovoce") {
                Some(folders) => Ok(Self::at(folders.cache_dir())),
                None => Err(HubError::NoCacheFolder),
            },
        }
    }

    /// The cache in `root`, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the downloaded files of a model are.
    pub fn download_folder(&self, name: &str) -> PathBuf {
        self.root.join("downloads").join(name)
    }

    /// Where a model folder is once [`Cache::install`] has made it.
    pub fn model_folder(&self, name: &str) -> PathBuf {
        self.root.join("models").join(name)
    }

    /// Waits until no other process changes the model; `waiting` is called a few times a second meanwhile.
    ///
    /// # Errors
    /// [`HubError::Cancelled`] when `waiting` breaks, [`HubError::Io`] when the lock file cannot be made.
    pub fn lock(&self, name: &str, mut waiting: impl FnMut() -> ControlFlow<()>) -> Result<CacheLock, HubError> {
        let path = self.root.join("locks").join(name);
        create_folder(&self.root.join("locks"))?;
        let file = File::create(&path).map_err(|error| HubError::io("create", &path, error))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(CacheLock { _file: file, staging: self.root.join("staging").join(name) }),
                Err(TryLockError::Error(error)) => return Err(HubError::io("lock", &path, error)),
                Err(TryLockError::WouldBlock) if waiting().is_break() => return Err(HubError::Cancelled),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// Makes a model folder: `build` fills an empty folder, which then becomes the model folder at once. When `build`
    /// fails, nothing changes; a model folder that is there already is left as it is.
    ///
    /// # Errors
    /// Those of `build`, and [`HubError`] for the cache itself.
    pub fn install<E: From<HubError>>(
        &self,
        name: &str,
        waiting: impl FnMut() -> ControlFlow<()>,
        build: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let lock = self.lock(name, waiting)?;
        let folder = self.model_folder(name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let staging = lock.staging()?;
        build(staging)?;
        create_folder(&self.root.join("models"))?;
        fs::rename(staging, &folder).map_err(|error| HubError::io("create", &folder, error))?;
        Ok(folder)
    }

    /// Everything in the cache, by name.
    ///
    /// # Errors
    /// [`HubError::Io`] when a folder cannot be read.
    pub fn installed(&self) -> Result<Vec<Installed>, HubError> {
        let mut names = folders_in(&self.root.join("models"))?;
        names.extend(folders_in(&self.root.join("downloads"))?);
        names.sort();
        names.dedup();
        let describe = |name: String| {
            let folder = Some(self.model_folder(&name)).filter(|folder| folder.is_dir());
            Ok(Installed {
                model_bytes: folder.as_deref().map_or(Ok(0), folder_size)?,
                download_bytes: folder_size(&self.download_folder(&name))?,
                folder,
                name,
            })
        };
        names.into_iter().map(describe).collect()
    }

    /// Removes a model and its downloads. Returns the bytes that became free.
    ///
    /// # Errors
    /// [`HubError::UnknownModel`] when the cache holds nothing of that name, [`HubError::Io`] when removing fails.
    pub fn remove(&self, name: &str) -> Result<u64, HubError> {
        let installed = self.installed()?;
        let Some(model) = installed.iter().find(|model| model.name == name && is_slug(name)) else {
            let known = installed.into_iter().map(|model| model.name).collect();
            return Err(HubError::NotInCache { name: name.to_owned(), known });
        };
        let _lock = self.lock(name, || ControlFlow::Continue(()))?;
        remove_folder(&self.model_folder(name))?;
        remove_folder(&self.download_folder(name))?;
        Ok(model.model_bytes.saturating_add(model.download_bytes))
    }
}

pub(crate) fn create_folder(path: &Path) -> Result<(), HubError> {
    fs::create_dir_all(path).map_err(|error| HubError::io("create", path, error))
}

fn remove_folder(path: &Path) -> Result<(), HubError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(HubError::io("remove", path, error)),
        _ => Ok(()),
    }
}

/// Names of the folders in `path`; none when it does not exist.
fn folders_in(path: &Path) -> Result<Vec<String>, HubError> {
    let read = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    };
    match read() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(|error| HubError::io("read", path, error)),
    }
}

/// Bytes of all files under `path`; none when it does not exist.
fn folder_size(path: &Path) -> Result<u64, HubError> {
    fn sum(path: &Path) -> std::io::Result<u64> {
        let mut total = 0;
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let metadata = entry.metadata()?;
            total += if metadata.is_dir() { sum(&entry.path())? } else { metadata.len() };
        }
        Ok(total)
    }
    match sum(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        other => other.map_err(|error| HubError::io("read", path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn go_on() -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    #[test]
    fn a_model_folder_appears_whole_or_not_at_all() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::at(root.path());
        let failed = cache.install("tiny", go_on, |folder| {
            fs::write(folder.join("half"), "made").unwrap();
            Err(HubError::Cancelled)
        });
        assert!(matches!(failed, Err(HubError::Cancelled)));
        assert!(cache.installed().unwrap().is_empty() && !root.path().join("staging/tiny").exists());

        let folder = cache
            .install("tiny", go_on, |folder| {
                assert_eq!(fs::read_dir(folder).unwrap().count(), 0, "nothing of the failed attempt is left");
                fs::write(folder.join("whole"), "model").unwrap();
                Ok::<(), HubError>(())
            })
            .unwrap();
        assert_eq!(fs::read_to_string(folder.join("whole")).unwrap(), "model");
        let again = cache.install("tiny", go_on, |_| -> Result<(), HubError> { panic!("it is there already") });
        assert_eq!(again.unwrap(), folder);
        assert_eq!(cache.remove("tiny").unwrap(), 5);
        assert!(cache.installed().unwrap().is_empty());
    }

    #[test]
    fn two_holders_of_a_lock_exclude_each_other() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::at(root.path());
        let first = cache.lock("tiny", go_on).unwrap();
        cache.lock("other", go_on).unwrap();
        let mut asked = 0;
        let second = cache.lock("tiny", || {
            asked += 1;
            if asked == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(matches!(second, Err(HubError::Cancelled)));
        assert_eq!(asked, 2);
        drop(first);
        cache.lock("tiny", || panic!("it is free")).unwrap();
    }

    #[test]
    fn only_what_is_there_can_be_removed() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::at(root.path().join("cache"));
        fs::create_dir_all(root.path().join("precious")).unwrap();
        for name in ["tiny", "..", "../../precious", "", "."] {
            assert!(matches!(cache.remove(name), Err(HubError::NotInCache { .. })), "{name}");
        }
        assert!(root.path().join("precious").is_dir());
    }
}
