use std::path::Path;

use super::from_hugging_face;
use crate::ConvertError;

/// A family of models that a recipe builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Architecture {
    /// Llama 1 to 3 and models of the same form, SmolLM2 for instance.
    Llama,
    /// Gemma 1.
    Gemma,
}

impl Architecture {
    /// Every architecture.
    pub const ALL: [Self; 2] = [Self::Llama, Self::Gemma];

    /// Name, the same in GGUF files (`general.architecture`) and Hugging Face folders (`model_type`).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Gemma => "gemma",
        }
    }

    /// The architecture of that name. The error is a sentence that names what is supported.
    pub(crate) fn from_name(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|architecture| architecture.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("architecture {name:?} is not supported; supported are {known}")
        })
    }
}

/// Hyper-parameters of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Family of the model.
    pub architecture: Architecture,
    /// Number of decoder layers.
    pub layers: usize,
    /// Width of the residual stream.
    pub hidden: usize,
    /// Width inside the feed-forward network.
    pub intermediate: usize,
    /// Number of query heads, a multiple of `kv_heads`.
    pub heads: usize,
    /// Number of key and value heads.
    pub kv_heads: usize,
    /// Width of a head, even.
    pub head_dim: usize,
    /// Number of token ids.
    pub vocab: usize,
    /// Longest sequence that the model was made for.
    pub max_context: usize,
    /// Base of the rotary frequencies.
    pub rope_theta: f64,
    /// Epsilon of the root-mean-square norms.
    pub norm_epsilon: f32,
    /// True when the output projection is the embedding.
    pub tied: bool,
}

/// Largest accepted size of any dimension. The largest vocabularies have about 260 thousand entries.
const MAX_DIM: usize = 1 << 24;
/// Most layers accepted. The deepest models have about 130.
const MAX_LAYERS: usize = 1024;

impl Config {
    /// Reads the `config.json` of a Hugging Face folder.
    ///
    /// # Errors
    /// [`ConvertError::Io`] and [`ConvertError::Malformed`] when it cannot be read, [`ConvertError::Unsupported`] for an
    /// architecture or a key that no recipe knows, and for impossible sizes.
    pub fn read(path: &Path) -> Result<Self, ConvertError> {
        from_hugging_face::read_config(path)
    }

    /// Checks that sizes are possible and fit each other. Errors are sentences naming the size.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("hidden size", self.hidden),
            ("feed-forward size", self.intermediate),
            ("number of heads", self.heads),
            ("number of key/value heads", self.kv_heads),
            ("head size", self.head_dim),
            ("vocabulary", self.vocab),
            ("context length", self.max_context),
        ];
        for (what, size) in sizes {
            if !(1..=MAX_DIM).contains(&size) {
                return Err(format!("{what} {size} is outside 1..={MAX_DIM}"));
            }
        }
        if !(1..=MAX_LAYERS).contains(&self.layers) {
            return Err(format!("number of layers {} is outside 1..={MAX_LAYERS}", self.layers));
        }
        if self.heads * self.head_dim > MAX_DIM {
            return Err(format!("{} heads of {} are wider than {MAX_DIM}", self.heads, self.head_dim));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!("{} heads cannot share {} key/value heads evenly", self.heads, self.kv_heads));
        }
        if !self.head_dim.is_multiple_of(2) {
            return Err(format!("head size {} is odd; rotary embedding pairs its halves", self.head_dim));
        }
        if !(self.rope_theta.is_finite() && self.rope_theta > 0.0) {
            return Err(format!("rotary base {} is not a positive number", self.rope_theta));
        }
        if !(self.norm_epsilon.is_finite() && self.norm_epsilon > 0.0) {
            return Err(format!("norm epsilon {} is not a positive number", self.norm_epsilon));
        }
        Ok(())
    }

    /// Names and shapes of the tensors that the model consists of, by Hugging Face's names.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, wide) = (self.hidden, self.intermediate);
        let (query, key) = (self.heads * self.head_dim, self.kv_heads * self.head_dim);
        let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocab, hidden])];
        for layer in 0..self.layers {
            let mut add = |name: &str, shape: &[usize]| {
                tensors.push((format!("model.layers.{layer}.{name}.weight"), shape.to_vec()));
            };
            add("input_layernorm", &[hidden]);
            add("self_attn.q_proj", &[query, hidden]);
            add("self_attn.k_proj", &[key, hidden]);
            add("self_attn.v_proj", &[key, hidden]);
            add("self_attn.o_proj", &[hidden, query]);
            add("post_attention_layernorm", &[hidden]);
            add("mlp.gate_proj", &[wide, hidden]);
            add("mlp.up_proj", &[wide, hidden]);
            add("mlp.down_proj", &[hidden, wide]);
        }
        tensors.push(("model.norm.weight".to_owned(), vec![hidden]));
        if !self.tied {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocab, hidden]));
        }
        tensors
    }
}
