//! Which model the shapes of random weights are taken from.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use sottovoce_convert::{
    Checkpoint, ConvertError, Quantize,
    checkpoint::{Config, KnownShape},
};

/// A model's shape, by name or from its `config.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RandomShape {
    /// A shape that the converter knows.
    Known(KnownShape),
    /// A Hugging Face `config.json`.
    Config(PathBuf),
}

impl RandomShape {
    /// Random weights of this shape, in the form that `quantize` asks for.
    ///
    /// # Errors
    /// The `config.json` cannot be read, or asks for what no recipe builds.
    pub fn checkpoint(&self, quantize: Quantize) -> Result<Checkpoint, ConvertError> {
        let config = match self {
            Self::Known(shape) => shape.config(),
            Self::Config(path) => Config::read(path)?,
        };
        Checkpoint::random(&format!("{self}-random"), config, quantize)
    }

    /// The instruction-tuned model of this shape, as it is published, and its tokenizer in the catalogue, where both are
    /// known.
    pub fn published(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Known(KnownShape::Gemma2B) => Some(("Gemma-2B-IT", "gemma-tokenizer")),
            Self::Known(KnownShape::Gemma2_2B) => Some(("Gemma-2-2B-IT", "gemma-tokenizer")),
            _ => None,
        }
    }
}

impl FromStr for RandomShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(shape) = KnownShape::ALL.into_iter().find(|shape| shape.name() == text) {
            return Ok(Self::Known(shape));
        }
        let path = Path::new(text);
        if path.is_file() {
            return Ok(Self::Config(path.to_owned()));
        }
        let known = KnownShape::ALL.map(KnownShape::name).join(", ");
        Err(format!("expected {known}, or the config.json of a Hugging Face model, which is no file here"))
    }
}

/// The model's name; for a `config.json` that of its folder.
impl fmt::Display for RandomShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(shape) => f.write_str(shape.name()),
            Self::Config(path) => {
                let folder = path.canonicalize().ok().and_then(|path| Some(path.parent()?.file_name()?.to_owned()));
                f.write_str(&folder.map_or("model".into(), |name| name.to_string_lossy().into_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_a_name_or_a_configuration() {
        for shape in KnownShape::ALL {
            let parsed: RandomShape = shape.name().parse().unwrap();
            assert_eq!(parsed, RandomShape::Known(shape));
            assert_eq!(parsed.to_string(), shape.name());
        }
        let folder = tempfile::tempdir().unwrap();
        let tiny = folder.path().join("tiny");
        std::fs::create_dir(&tiny).unwrap();
        std::fs::write(tiny.join("config.json"), "{}").unwrap();
        let parsed: RandomShape = tiny.join("config.json").to_str().unwrap().parse().unwrap();
        assert_eq!(parsed.to_string(), "tiny");
        let error = "gemma-7b".parse::<RandomShape>().unwrap_err();
        assert!(error.contains("llama-3.2-1b") && error.contains("config.json"), "{error}");
    }
}
