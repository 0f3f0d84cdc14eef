//! Where what a person said is kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use directories::ProjectDirs;

/// The folder that `SOTTOVOCE_DATA` names, else the platform's (`~/.local/share/sottovoce` on Linux, or where `XDG_DATA_HOME`
/// says).
///
/// # Errors
/// The platform names none.
pub fn from_env() -> anyhow::Result<PathBuf> {
    if let Some(data) = std::env::var_os("SOTTOVOCE_DATA").filter(|value| !value.is_empty()) {
        return Ok(PathBuf::from(data));
    }
    match ProjectDirs::from("", "", "sottovoce") {
        Some(folders) => Ok(folders.data_dir().to_owned()),
        None => bail!("there is no folder for data on this system; set SOTTOVOCE_DATA to one"),
    }
}

/// Creates a folder that nobody but the user can look into, unless it is there.
///
/// # Errors
/// It cannot be created.
pub fn create(folder: &Path) -> anyhow::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("cannot create {}", folder.display()))
}
