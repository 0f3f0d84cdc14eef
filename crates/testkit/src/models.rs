use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use sottovoce_hub::{DEFAULT_MODEL, Hub};

use crate::skip::skip;

/// Names the folder with the packages that `tools/make_stateful_smollm2.py` made.
const APPLE_VARIABLE: &str = "SOTTOVOCE_APPLE_SMOLLM2";

/// The GGUF of SmolLM2-135M-Instruct from the hub's cache, fetched when it is not there. `None` when it cannot be had: the
/// test should return, and a line that starts with `SKIPPED` says so.
///
/// # Panics
/// When it cannot be had and `CI` is set.
pub fn smollm2_gguf() -> Option<&'static Path> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    let is_gguf = |file: &Path| file.extension().is_some_and(|extension| extension == "gguf");
    PATH.get_or_init(|| pull(DEFAULT_MODEL, is_gguf)).as_deref()
}

/// The `tokenizer.json` of Gemma 1, beside its `tokenizer_config.json`. `None` as in [`smollm2_gguf`].
///
/// # Panics
/// As [`smollm2_gguf`].
pub fn gemma_tokenizer() -> Option<&'static Path> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| tokenizer("gemma")).as_deref()
}

/// As [`gemma_tokenizer`], of another model of the catalogue: `gemma3`, `llama3` or `qwen3`.
///
/// # Panics
/// As [`smollm2_gguf`].
pub fn tokenizer(model: &str) -> Option<PathBuf> {
    pull(&format!("{model}-tokenizer"), |file| file.ends_with("tokenizer.json"))
}

/// A file of a catalogue model, `file` in the catalogue without what its name ends with (libraries end otherwise elsewhere).
/// `None` as in [`smollm2_gguf`].
///
/// # Panics
/// As [`smollm2_gguf`].
pub fn catalogue_file(model: &str, file: &str) -> Option<PathBuf> {
    pull(model, |path| path.file_stem().is_some_and(|stem| stem == file))
}

/// The file of a catalogue model that `wanted` picks.
fn pull(model: &str, wanted: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    match Hub::from_env().and_then(|hub| hub.pull(model, &mut |_| ControlFlow::Continue(()))) {
        Ok(files) => match files.into_iter().find(|file| wanted(file)) {
            Some(path) => Some(path),
            None => panic!("the catalogue's {model} lacks the file that is wanted"),
        },
        Err(error) => skip(&error.to_string()),
    }
}

/// A package of SmolLM2-135M-Instruct made by Apple's converter, context 512: `SmolLM2-135M-Stateful-512` (f16) or
/// `SmolLM2-135M-Stateful-4bit-512`. `None` as in [`smollm2_gguf`] when `SOTTOVOCE_APPLE_SMOLLM2` does not name the
/// folder; `.ci/run` makes it.
///
/// # Panics
/// When it cannot be had and `CI` is set, or the folder lacks the package.
pub fn apple_smollm2(name: &str) -> Option<PathBuf> {
    let Ok(folder) = std::env::var(APPLE_VARIABLE) else {
        return skip(&format!(
            "{name}.mlpackage is needed: run `tools/make_stateful_smollm2.py GGUF 512 DIR` and set {APPLE_VARIABLE}=DIR"
        ));
    };
    let path = Path::new(&folder).join(format!("{name}.mlpackage"));
    assert!(path.is_dir(), "{APPLE_VARIABLE}: there is no {}", path.display());
    Some(path)
}

/// Whether a program is installed that a test needs. `false` as `None` in [`smollm2_gguf`].
///
/// # Panics
/// As [`smollm2_gguf`].
pub fn has_program(name: &str) -> bool {
    let runs = Command::new(name).arg("--version").output().is_ok();
    runs || skip::<()>(&format!("the program {name} is not installed")).is_some()
}
