//! A model's weights and hyper-parameters under one set of names, whichever file format they come from.

mod config;
pub(crate) mod gguf;
pub(crate) mod hugging_face;
mod random;
mod rope;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

pub use config::{Biases, Config, Layer, SoftCaps};
pub use random::KnownShape;
pub use rope::{LongContext, Rope, RopeScaling};

pub use crate::architectures::Architecture;
use crate::{ConvertError, gguf::MAGIC, weights::StoredTensor};

/// An open checkpoint: hyper-parameters, and tensors by Hugging Face's names (`model.layers.0.mlp.up_proj.weight`).
///
/// Opening checks that exactly the tensors of the architecture are there, with the shapes that the configuration says.
#[derive(Debug)]
pub struct Checkpoint {
    /// The GGUF file or Hugging Face folder; `random weights` for those of [`Checkpoint::random`].
    pub path: PathBuf,
    /// Name of the model, after the file or folder.
    pub name: String,
    /// Licence, where the source states it.
    pub licence: Option<String>,
    /// Hyper-parameters.
    pub config: Config,
    tensors: HashMap<String, StoredTensor>,
    /// Added to the stored norm weights: Gemma's folders store w for a factor of 1 + w, its GGUF files store the factor.
    norm_shift: f32,
}

impl Checkpoint {
    /// Opens a GGUF file, or a folder with `config.json` and safetensors files.
    ///
    /// # Errors
    /// [`ConvertError::UnknownSource`] when `path` is neither; as [`crate::gguf::Gguf::open`]; [`ConvertError::Unsupported`] for
    /// an architecture, a configuration key or a tensor that no recipe knows; [`ConvertError::MissingTensor`] and
    /// [`ConvertError::TensorShape`] when configuration and tensors disagree.
    pub fn open(path: &Path) -> Result<Self, ConvertError> {
        let checkpoint = if path.is_dir() {
            hugging_face::open(path)?
        } else if starts_with_magic(path)? {
            gguf::open(path)?
        } else {
            return Err(ConvertError::UnknownSource { path: path.to_owned() });
        };
        checkpoint.check()?;
        Ok(checkpoint)
    }

    /// A tensor by Hugging Face's name.
    ///
    /// # Errors
    /// [`ConvertError::MissingTensor`].
    pub fn tensor(&self, name: &str) -> Result<&StoredTensor, ConvertError> {
        self.tensors
            .get(name)
            .ok_or_else(|| ConvertError::MissingTensor { path: self.path.clone(), name: name.to_owned() })
    }

    /// A tensor that the architecture may do without.
    pub(crate) fn optional_tensor(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name)
    }

    /// The factors that a root-mean-square norm multiplies with.
    ///
    /// # Errors
    /// As [`Checkpoint::tensor`] and [`StoredTensor::to_f32_vec`].
    pub fn norm_factors(&self, name: &str) -> Result<Vec<f32>, ConvertError> {
        let stored = self.tensor(name)?.to_f32_vec()?;
        Ok(stored.into_iter().map(|weight| weight + self.norm_shift).collect())
    }

    /// Bytes of all tensors in the checkpoint.
    pub fn stored_bytes(&self) -> u64 {
        self.tensors.values().map(|tensor| tensor.stored_bytes() as u64).sum()
    }

    /// Tensors with rows and columns, everything but norms and biases, with their names as Hugging Face spells them.
    pub fn matrices(&self) -> impl Iterator<Item = (&str, &StoredTensor)> {
        self.tensors.iter().filter(|(_, tensor)| tensor.shape.len() > 1).map(|(name, tensor)| (name.as_str(), tensor))
    }

    fn check(&self) -> Result<(), ConvertError> {
        let path = || self.path.clone();
        let expected = self.config.tensors();
        for (name, shape) in &expected {
            let tensor = self.tensor(name)?;
            if tensor.shape != *shape {
                let (name, found) = (tensor.name.clone(), tensor.shape.clone());
                return Err(ConvertError::TensorShape { path: path(), name, expected: shape.clone(), found });
            }
        }
        let known: std::collections::HashSet<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
        match self.tensors.iter().find(|(name, _)| !known.contains(name.as_str())) {
            None => Ok(()),
            Some((_, tensor)) => {
                let architecture = self.config.architecture.name();
                let what = format!("tensor {} has no place in the {architecture} architecture", tensor.name);
                Err(ConvertError::Unsupported { path: path(), what })
            }
        }
    }
}

/// Splits matrices that a file joins: queries, keys and values; gate and up projection.
fn split_fused(path: &Path, config: &Config, tensors: &mut HashMap<String, StoredTensor>) -> Result<(), ConvertError> {
    if !config.architecture.definition().fused {
        return Ok(());
    }
    let (query, key) = (config.heads * config.head_dim, config.kv_heads * config.head_dim);
    let wide = config.intermediate;
    for layer in 0..config.layers.len() {
        for (joined, parts) in [
            (
                "self_attn.qkv_proj",
                [("self_attn.q_proj", query), ("self_attn.k_proj", key), ("self_attn.v_proj", key)].as_slice(),
            ),
            ("mlp.gate_up_proj", &[("mlp.gate_proj", wide), ("mlp.up_proj", wide)]),
        ] {
            let full = |part: &str| format!("model.layers.{layer}.{part}.weight");
            let Some(tensor) = tensors.remove(&full(joined)) else { continue };
            let rows = parts.iter().map(|(_, rows)| rows).sum();
            if tensor.shape != [rows, config.hidden] {
                let (path, name, found) = (path.to_owned(), tensor.name, tensor.shape);
                return Err(ConvertError::TensorShape { path, name, expected: vec![rows, config.hidden], found });
            }
            let mut first = 0;
            for &(part, rows) in parts {
                tensors.insert(full(part), tensor.row_range(first..first + rows));
                first += rows;
            }
        }
    }
    Ok(())
}

fn starts_with_magic(path: &Path) -> Result<bool, ConvertError> {
    use std::io::Read;
    let mut file = std::fs::File::open(path).map_err(ConvertError::io("open", path))?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(ConvertError::io("read", path))?;
    Ok(magic == MAGIC)
}
