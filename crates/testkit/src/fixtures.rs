use std::path::{Path, PathBuf};

use sottovoce_tensor::npz;

use crate::Logits;

/// How a language model package keeps its key and value caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Two states, `keyCache` and `valueCache`.
    Stateful,
    /// Inputs `keyCache` and `valueCache`, outputs `newKeyCache` and `newValueCache`.
    CacheAsInput {
        /// Shape of a cache of one position: layers, batch, heads, time, width.
        one: [usize; 5],
    },
    /// No cache: every call sees the whole prompt.
    Baseline,
}

/// A mask that a package takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaskInput {
    /// Name of the input.
    pub name: &'static str,
    /// Positions that a row sees, the last of them its own; `None` for all.
    pub window: Option<usize>,
}

impl MaskInput {
    /// The only mask of most packages.
    pub const CAUSAL: Self = Self { name: "causalMask", window: None };
}

/// A package, a prompt, and the logits that PyTorch computes for it.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Name of the package without its extension.
    pub name: &'static str,
    /// How it keeps its caches.
    pub interface: Interface,
    /// The masks it takes.
    pub masks: Vec<MaskInput>,
    /// Positions that the caches hold.
    pub context: usize,
    /// The package folder.
    pub package: PathBuf,
    /// The prompt.
    pub ids: Vec<i32>,
    /// Logits of the last positions of the prompt (all of them, but for `llama-long`).
    pub logits: Logits,
}

const TABLE: [(&str, Interface, usize); 14] = [
    ("llama-fp16", Interface::Stateful, 64),
    ("llama-sdpa", Interface::Stateful, 64),
    ("llama-int4", Interface::Stateful, 64),
    ("llama-int4a", Interface::Stateful, 64),
    ("llama-int8", Interface::Stateful, 64),
    ("llama-lut4", Interface::Stateful, 64),
    ("llama-lut6", Interface::Stateful, 64),
    ("llama-sparse", Interface::Stateful, 64),
    ("gemma-fp16", Interface::Stateful, 64),
    ("gemma-int4", Interface::Stateful, 64),
    ("gemma2-fp16", Interface::Stateful, 64),
    ("llama-kvio", Interface::CacheAsInput { one: [2, 1, 2, 1, 16] }, 64),
    ("llama-baseline", Interface::Baseline, 64),
    ("llama-long", Interface::Stateful, 2048),
];

impl Fixture {
    /// What the tolerances are multiplied by. They are chosen for nine positions, where the largest of the attention
    /// scores (deviation 4, since weights are random) is about 6; of 1,200 it is about 13. The error of a probability is
    /// that of its score, which grows with the score, once in each of two layers: (13/6)² = 4.7, taken as 4. Measured: 25u
    /// with results rounded to f16, 6u in f32.
    pub fn sharpness(&self) -> f32 {
        if self.ids.len() > 9 { 4.0 } else { 1.0 }
    }
}

/// Packages of one model whose interfaces are spelled as other converters spell them, and what PyTorch computes for it.
#[derive(Clone, Debug)]
pub struct Interfaces {
    /// Names and package folders.
    pub packages: Vec<(&'static str, PathBuf)>,
    /// The prompt.
    pub ids: Vec<u32>,
    /// Logits of the prompt.
    pub logits: Logits,
    /// The likeliest tokens after it.
    pub answer: Vec<u32>,
}

impl Interfaces {
    /// Reads what is in `fixtures/interfaces`.
    ///
    /// # Panics
    /// When a file is missing or damaged.
    pub fn read() -> Self {
        let folder = fixtures_dir().join("interfaces");
        let names = ["mask2d", "positions", "fullmask", "onetoken", "chunk8", "padded"];
        let arrays = npz::read(&folder.join("logits.npz")).unwrap_or_else(|error| panic!("{error}"));
        let ids = |name: &str| arrays[name].to_i64_vec().into_iter().map(|id| id as u32).collect();
        let width = *arrays["logits"].shape().last().expect("logits of rank 3");
        Self {
            packages: names.map(|name| (name, folder.join(format!("{name}.mlpackage")))).to_vec(),
            ids: ids("ids"),
            logits: Logits { values: arrays["logits"].to_f32_vec(), width },
            answer: ids("answer"),
        }
    }
}

/// The `fixtures` folder of the repository.
pub fn fixtures_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// Every package folder under `fixtures`, those without weights included, sorted.
///
/// # Panics
/// When the folder cannot be read or holds no package.
pub fn packages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["coremltools", "programs"] {
        let folder = fixtures_dir().join(folder);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        found.extend(entries.map(|entry| entry.expect("a folder entry").path()));
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "mlpackage"));
    found.sort();
    assert!(!found.is_empty(), "no package in {}", fixtures_dir().display());
    found
}

/// Every fixture that can run, with its answers.
///
/// # Panics
/// When a file is missing or damaged.
pub fn fixtures() -> Vec<Fixture> {
    TABLE.iter().map(|&(name, interface, context)| load(name, interface, context)).collect()
}

fn load(name: &'static str, interface: Interface, context: usize) -> Fixture {
    let folder = fixtures_dir().join("coremltools");
    let arrays = npz::read(&folder.join(format!("{name}.npz"))).unwrap_or_else(|error| panic!("{error}"));
    let logits = arrays.get("logits").or_else(|| arrays.get("tail")).expect("an array `logits` or `tail`");
    let width = *logits.shape().last().expect("logits of rank 3");
    Fixture {
        name,
        interface,
        masks: vec![MaskInput::CAUSAL],
        context,
        package: folder.join(format!("{name}.mlpackage")),
        ids: arrays["ids"].to_i64_vec().into_iter().map(|id| id as i32).collect(),
        logits: Logits { values: logits.to_f32_vec(), width },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_every_package_that_has_weights() {
        let with_weights =
            packages().into_iter().filter(|package| package.join("Data/com.apple.CoreML/weights").exists());
        let mut found: Vec<_> = with_weights.map(|package| package.canonicalize().unwrap()).collect();
        let mut listed: Vec<_> = fixtures().into_iter().map(|f| f.package.canonicalize().unwrap()).collect();
        found.sort();
        listed.sort();
        assert_eq!(found, listed);
    }

    #[test]
    fn answers_belong_to_prompts() {
        for fixture in fixtures() {
            assert!(fixture.logits.rows() <= fixture.ids.len(), "{}", fixture.name);
            assert!(fixture.ids.len() <= fixture.context, "{}", fixture.name);
            assert_eq!(fixture.logits.width, 320, "{}", fixture.name);
            assert!(fixture.logits.values.iter().all(|value| value.is_finite()), "{}", fixture.name);
        }
    }
}
