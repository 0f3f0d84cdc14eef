//! A model's weights and hyper-parameters under one set of names, whichever file format they come from.

mod config;
mod from_gguf;
mod from_hugging_face;
mod hugging_face_config;
mod random;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

pub use config::{Architecture, Config};
pub use random::KnownShape;

use crate::{ConvertError, gguf, weights::StoredTensor};

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
    /// [`ConvertError::UnknownSource`] when `path` is neither; as [`gguf::Gguf::open`]; [`ConvertError::Unsupported`] for
    /// an architecture, a configuration key or a tensor that no recipe knows; [`ConvertError::MissingTensor`] and
    /// [`ConvertError::TensorShape`] when configuration and tensors disagree.
    pub fn open(path: &Path) -> Result<Self, ConvertError> {
        let checkpoint = if path.is_dir() {
            from_hugging_face::open(path)?
        } else if starts_with_magic(path)? {
            from_gguf::open(path)?
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

    /// Tensors with rows and columns: everything but the norms.
    pub fn matrices(&self) -> impl Iterator<Item = &StoredTensor> {
        self.tensors.values().filter(|tensor| tensor.shape.len() > 1)
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

fn starts_with_magic(path: &Path) -> Result<bool, ConvertError> {
    use std::io::Read;
    let mut file = std::fs::File::open(path).map_err(ConvertError::io("open", path))?;
    let mut magic = Vec::new();
    file.by_ref().take(4).read_to_end(&mut magic).map_err(ConvertError::io("read", path))?;
    Ok(magic == gguf::MAGIC)
}
