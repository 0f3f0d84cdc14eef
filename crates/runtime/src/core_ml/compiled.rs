//! The compiled model beside a package.
//!
//! Core ML runs a folder, `.mlmodelc`, that it compiles from the package. `NAME-FINGERPRINT.mlmodelc` beside
//! `NAME.mlpackage` keeps it for later loads. The name tells what it was made of, so that a package that changed is compiled
//! anew, and nothing is ever written into a folder that somebody has open: one appears whole, by renaming, or not at all.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{error::RuntimeError, packed_cache::Fingerprint};

const EXTENSION: &str = "mlmodelc";
/// Bytes of the fingerprint in the name: enough to tell versions of one package apart.
const FINGERPRINT_BYTES: usize = 8;

/// A compiled model.
#[derive(Debug)]
pub struct Compiled {
    path: PathBuf,
    /// It is removed with this value.
    temporary: bool,
}

/// Where the compiled model of the package at `package` is kept.
pub fn path(package: &Path, fingerprint: &Fingerprint) -> PathBuf {
    let mut name = prefix(package);
    for byte in &fingerprint[..FINGERPRINT_BYTES] {
        name.push(format!("{byte:02x}"));
    }
    name.push(".");
    name.push(EXTENSION);
    package.with_file_name(name)
}

/// What the names of all compiled models of a package begin with.
fn prefix(package: &Path) -> OsString {
    let mut prefix = package.file_stem().unwrap_or_default().to_owned();
    prefix.push("-");
    prefix
}

impl Compiled {
    /// The one that is kept at `path`, if there is one.
    pub fn find(path: &Path) -> Option<Self> {
        path.is_dir().then(|| Self { path: path.to_owned(), temporary: false })
    }

    /// Takes over a folder that is to be removed in the end.
    pub fn temporary(path: PathBuf) -> Self {
        Self { path, temporary: true }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Moves it to `kept`, beside the package, and removes those of earlier versions of the package there.
    ///
    /// # Errors
    /// [`RuntimeError::CompiledModel`] when the folder cannot be written; the model stays where it is and can be run.
    pub fn keep(&mut self, package: &Path, kept: PathBuf) -> Result<(), RuntimeError> {
        if !self.temporary {
            return Ok(());
        }
        if let Err(source) = install(&self.path, &kept) {
            return Err(RuntimeError::CompiledModel { path: kept, source });
        }
        // Where another process was faster, its folder is as good; ours is removed.
        drop(std::mem::replace(self, Self { path: kept, temporary: false }));
        remove_others(package, &self.path);
        Ok(())
    }

    /// Removes it, wherever it is.
    pub fn discard(mut self) {
        self.temporary = true;
    }
}

impl Drop for Compiled {
    fn drop(&mut self) {
        if self.temporary {
            // What is left behind is in the system's folder for such things, or is compiled anew.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Makes `to` the folder `from`, whole or not at all; a folder that is there already stays.
fn install(from: &Path, to: &Path) -> io::Result<()> {
    if to.is_dir() || fs::rename(from, to).is_ok() {
        return Ok(());
    }
    // Another file system: copy, and rename there.
    let folder = to.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let partial = tempfile::Builder::new().prefix(".").suffix(".partial").tempdir_in(folder)?;
    let whole = partial.path().join(EXTENSION);
    fs::create_dir(&whole)?;
    copy(from, &whole)?;
    match fs::rename(&whole, to) {
        Err(_) if to.is_dir() => Ok(()),
        renamed => renamed,
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Removes compiled models of the package but for `current`. One that cannot be removed is only a waste of room.
fn remove_others(package: &Path, current: &Path) {
    let Some(folder) = current.parent() else { return };
    let (prefix, digits) = (prefix(package), FINGERPRINT_BYTES * 2);
    let others = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| {
        let stem = path.file_stem().unwrap_or_default().as_encoded_bytes();
        let fingerprint = stem.strip_prefix(prefix.as_encoded_bytes()).unwrap_or_default();
        path.extension().is_some_and(|extension| extension == EXTENSION)
            && path.file_name() != current.file_name()
            && fingerprint.len() == digits
            && fingerprint.iter().all(u8::is_ascii_hexdigit)
    });
    others.for_each(|path| drop(fs::remove_dir_all(path)));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folders {
        package: PathBuf,
        elsewhere: PathBuf,
        _root: tempfile::TempDir,
    }

    fn folders() -> Folders {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join("models/Llama 1.2.mlpackage");
        let elsewhere = root.path().join("temporary");
        fs::create_dir_all(&package).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        Folders { package, elsewhere, _root: root }
    }

    /// What Core ML leaves in a folder of the system's.
    fn compile(folders: &Folders, text: &str) -> Compiled {
        let folder = folders.elsewhere.join(format!("{text}.mlmodelc"));
        fs::create_dir_all(folder.join("weights")).unwrap();
        fs::write(folder.join("model.mil"), text).unwrap();
        fs::write(folder.join("weights/weight.bin"), text).unwrap();
        Compiled::temporary(folder)
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn the_name_tells_package_and_version() {
        let path = path(Path::new("models/Llama 1.2.mlpackage"), &[0xab; 32]);
        assert_eq!(path, Path::new("models/Llama 1.2-abababababababab.mlmodelc"));
    }

    #[test]
    fn a_compiled_model_is_kept_and_found_again() {
        let folders = folders();
        let kept = path(&folders.package, &[1; 32]);
        assert!(Compiled::find(&kept).is_none());
        let mut compiled = compile(&folders, "first");
        compiled.keep(&folders.package, kept.clone()).unwrap();
        assert_eq!(compiled.path(), kept);
        drop(compiled);
        assert_eq!(
            fs::read_to_string(Compiled::find(&kept).unwrap().path().join("weights/weight.bin")).unwrap(),
            "first"
        );
        assert_eq!(names(&folders.elsewhere), [""; 0]);
    }

    #[test]
    fn a_new_version_takes_the_place_of_the_old_one_alone() {
        let folders = folders();
        let models = folders.package.parent().unwrap();
        for neighbour in
            ["Llama 1.2-chat.mlmodelc", "Llama 1.2-0101010101010101.txt", "Llama-0101010101010101.mlmodelc"]
        {
            fs::create_dir(models.join(neighbour)).unwrap();
        }
        for version in [1, 2] {
            let mut compiled = compile(&folders, "some");
            compiled.keep(&folders.package, path(&folders.package, &[version; 32])).unwrap();
        }
        assert_eq!(
            names(models),
            [
                "Llama 1.2-0101010101010101.txt",
                "Llama 1.2-0202020202020202.mlmodelc",
                "Llama 1.2-chat.mlmodelc",
                "Llama 1.2.mlpackage",
                "Llama-0101010101010101.mlmodelc"
            ]
        );
    }

    #[test]
    fn whoever_comes_second_takes_what_is_there() {
        let folders = folders();
        let kept = path(&folders.package, &[1; 32]);
        let (mut first, mut second) = (compile(&folders, "first"), compile(&folders, "second"));
        first.keep(&folders.package, kept.clone()).unwrap();
        second.keep(&folders.package, kept.clone()).unwrap();
        assert_eq!(fs::read_to_string(second.path().join("model.mil")).unwrap(), "first");
        assert_eq!(names(&folders.elsewhere), [""; 0]);
        second.discard();
        assert!(Compiled::find(&kept).is_none());
    }

    #[test]
    fn a_model_that_cannot_be_kept_runs_where_it_is_and_goes_in_the_end() {
        let folders = folders();
        let mut compiled = compile(&folders, "some");
        // A file stands where the folder of the package should be.
        let package = folders.elsewhere.join("some.mlmodelc/model.mil/Llama.mlpackage");
        let error = compiled.keep(&package, path(&package, &[1; 32])).unwrap_err().to_string();
        assert!(error.contains("Llama-0101010101010101.mlmodelc") && error.contains("cannot be kept"), "{error}");
        assert!(compiled.path().is_dir());
        drop(compiled);
        assert_eq!(names(&folders.elsewhere), [""; 0]);
    }

    #[test]
    fn folders_are_copied_whole() {
        let folders = folders();
        let compiled = compile(&folders, "some");
        let to = folders.elsewhere.join("copy");
        fs::create_dir(&to).unwrap();
        copy(compiled.path(), &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("weights/weight.bin")).unwrap(), "some");
        assert_eq!(names(&to), ["model.mil", "weights"]);
    }
}
