//! Generates the bindings that the repository keeps: `cargo run -p sottovoce-ffi --example generate`.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

/// What is generated, by the name that UniFFI gives it, and where the repository keeps it.
pub(crate) const FILES: [(&str, &str); 4] = [
    ("sottovoce.py", "bindings/python/src/sottovoce/_native.py"),
    ("sottovoce.swift", "bindings/swift/Sources/Sottovoce/Generated/sottovoce.swift"),
    ("sottovoceFFI.h", "bindings/swift/Generated/sottovoceFFI.h"),
    ("sottovoceFFI.modulemap", "bindings/swift/Generated/module.modulemap"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    generate_into(folder.path())?;
    for (name, kept) in FILES {
        let kept = repository().join(kept);
        kept.parent().map(fs::create_dir_all).transpose()?;
        fs::copy(folder.path().join(name), &kept)?;
        println!("{}", kept.display());
    }
    Ok(())
}

/// Generates all of [`FILES`] from the library that was built with this program.
pub(crate) fn generate_into(folder: &Path) -> Result<(), Box<dyn Error>> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("uniffi.toml");
    generate(GenerateOptions {
        languages: vec![TargetLanguage::Python, TargetLanguage::Swift],
        source: library()?.try_into()?,
        out_dir: folder.to_owned().try_into()?,
        config_override: Some(config.try_into()?),
        ..GenerateOptions::default()
    })?;
    Ok(())
}

/// Cargo keeps the library in `deps`, where tests lie too, and examples beside that.
fn library() -> Result<PathBuf, Box<dyn Error>> {
    let program = env::current_exe()?;
    let target = program.parent().and_then(Path::parent).ok_or("this program lies in no target folder")?;
    let name = format!("{}sottovoce_ffi{}", env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    Ok(target.join("deps").join(name))
}

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
