//! What is particular to each architecture, a file for each: its names, what its configuration keys mean, and how its
//! program is put together of the blocks in `recipes`.

mod gemma;
mod gemma2;
mod gemma3;
mod llama;
mod mistral;
mod phi3;
mod qwen2;
mod qwen3;
mod smollm3;

use sottovoce_mil::builder::Var;

use crate::{
    ConvertError,
    checkpoint::{Config, gguf, hugging_face},
    recipes::{Cache, Masks, Recipe},
};

/// A family of models that a recipe builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// Llama 1 to 3 and models of the same form, SmolLM2 for instance.
    Llama,
    /// SmolLM3.
    SmolLm3,
    /// Mistral.
    Mistral,
    /// Qwen 2 and 2.5.
    Qwen2,
    /// Qwen 3.
    Qwen3,
    /// Phi-3, Phi-3.5 and Phi-4.
    Phi3,
    /// Gemma 1.
    Gemma,
    /// Gemma 2.
    Gemma2,
    /// The text model of Gemma 3.
    Gemma3,
}

/// What the rest of the converter needs to know of an architecture.
pub(crate) struct Definition {
    /// `model_type` of its Hugging Face folders.
    pub model_type: &'static str,
    /// The models that are of it, for people.
    pub models: &'static str,
    /// `general.architecture` of its GGUF files; `None` where llama.cpp stores it under the name of another.
    pub gguf_name: Option<&'static str>,
    /// Reads the keys of `config.json`. Errors are sentences naming the key.
    pub from_hugging_face: fn(&mut hugging_face::Keys) -> Result<Config, String>,
    /// Reads the metadata of a GGUF file. Errors are sentences naming the key.
    pub from_gguf: fn(&mut gguf::Keys) -> Result<Config, String>,
    /// Whether GGUF files hold the rows of query and key projections in an order that pairs neighbours.
    pub gguf_interleaves: bool,
    /// Whether files hold queries, keys and values as one matrix, and gate and up projection as another.
    pub fused: bool,
    /// Our name for a tensor of Hugging Face folders; `None` for one of a part that is not converted.
    pub hugging_face_tensor: fn(&str) -> Option<String>,
    /// Added to the norm weights of Hugging Face folders.
    pub hugging_face_norm_shift: f32,
    /// From ids and masks to logits.
    pub build: fn(&mut Recipe, &Var, &Masks, &mut Cache) -> Result<Var, ConvertError>,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 9] = [
        Self::Llama,
        Self::SmolLm3,
        Self::Mistral,
        Self::Qwen2,
        Self::Qwen3,
        Self::Phi3,
        Self::Gemma,
        Self::Gemma2,
        Self::Gemma3,
    ];

    pub(crate) const fn definition(self) -> &'static Definition {
        match self {
            Self::Llama => &llama::DEFINITION,
            Self::SmolLm3 => &smollm3::DEFINITION,
            Self::Mistral => &mistral::DEFINITION,
            Self::Qwen2 => &qwen2::DEFINITION,
            Self::Qwen3 => &qwen3::DEFINITION,
            Self::Phi3 => &phi3::DEFINITION,
            Self::Gemma => &gemma::DEFINITION,
            Self::Gemma2 => &gemma2::DEFINITION,
            Self::Gemma3 => &gemma3::DEFINITION,
        }
    }

    /// Name, `model_type` of Hugging Face folders.
    pub const fn name(self) -> &'static str {
        self.definition().model_type
    }

    /// The models that are of it, for people.
    pub const fn models(self) -> &'static str {
        self.definition().models
    }

    /// `general.architecture` of GGUF files; `None` where llama.cpp stores it under the name of another.
    pub const fn gguf_name(self) -> Option<&'static str> {
        self.definition().gguf_name
    }

    /// The architecture of that name in Hugging Face folders. The error is a sentence that names what is supported.
    pub(crate) fn from_model_type(name: &str) -> Result<Self, String> {
        Self::named(name, |definition| Some(definition.model_type))
    }

    /// The architecture of that name in GGUF files. The error is a sentence that names what is supported.
    pub(crate) fn from_gguf_name(name: &str) -> Result<Self, String> {
        Self::named(name, |definition| definition.gguf_name)
    }

    fn named(name: &str, name_of: fn(&Definition) -> Option<&'static str>) -> Result<Self, String> {
        let name_of = |architecture: &Self| name_of(architecture.definition());
        Self::ALL.into_iter().find(|architecture| name_of(architecture) == Some(name)).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().filter_map(name_of).collect();
            format!("architecture {name:?} is not supported; supported are {}", known.join(", "))
        })
    }
}
