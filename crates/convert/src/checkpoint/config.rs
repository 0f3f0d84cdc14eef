use std::path::Path;

use super::{Rope, hugging_face};
use crate::{ConvertError, architectures::Architecture};

/// Hyper-parameters of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Family of the model.
    pub architecture: Architecture,
    /// The decoder layers, first to last.
    pub layers: Vec<Layer>,
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
    /// The rotary embeddings that layers choose from.
    pub ropes: Vec<Rope>,
    /// Epsilon of the root-mean-square norms.
    pub norm_epsilon: f32,
    /// Which linear layers have a bias.
    pub biases: Biases,
    /// True when every head of queries and keys goes through a norm before it turns.
    pub qk_norm: bool,
    /// True when what attention and the feed-forward network give goes through a norm before it is added.
    pub post_norms: bool,
    /// Factor of attention scores where it is not 1 ∕ √`head_dim`.
    pub query_scale: Option<f32>,
    /// Bounds that values approach but do not pass.
    pub soft_caps: SoftCaps,
    /// True when the output projection is the embedding.
    pub tied: bool,
}

/// What a decoder layer has for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its rotary embedding, by position in [`Config::ropes`]; `None` where queries and keys do not turn.
    pub rope: Option<usize>,
    /// Positions that a query sees, its own included; `None` for all up to its own.
    pub window: Option<usize>,
}

/// Which linear layers of a model have a bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Biases {
    /// The projections to queries, keys and values.
    pub qkv: bool,
    /// The projection of what attention gives.
    pub attention_output: bool,
    /// The three of the feed-forward network.
    pub mlp: bool,
}

/// Values that are bent to stay below a bound, `cap · tanh(x ∕ cap)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SoftCaps {
    /// Bound of attention scores.
    pub scores: Option<f32>,
    /// Bound of logits.
    pub logits: Option<f32>,
}

/// Largest accepted size of any dimension. The largest vocabularies have about 260 thousand entries.
const MAX_DIM: usize = 1 << 24;
/// Most layers accepted. The deepest models have about 130.
const MAX_LAYERS: usize = 1024;

impl Layer {
    /// Turns by the first rotary embedding and sees everything before.
    pub const FULL: Self = Self { rope: Some(0), window: None };

    /// `count` layers, each made by its number. The error is a sentence for a count that cannot be.
    pub(crate) fn list(count: usize, layer: impl FnMut(usize) -> Self) -> Result<Vec<Self>, String> {
        if !(1..=MAX_LAYERS).contains(&count) {
            return Err(format!("number of layers {count} is outside 1..={MAX_LAYERS}"));
        }
        Ok((0..count).map(layer).collect())
    }
}

impl Config {
    /// Reads the `config.json` of a Hugging Face folder.
    ///
    /// # Errors
    /// [`ConvertError::Io`] and [`ConvertError::Malformed`] when it cannot be read, [`ConvertError::Unsupported`] for an
    /// architecture or a key that no recipe knows, and for impossible sizes.
    pub fn read(path: &Path) -> Result<Self, ConvertError> {
        hugging_face::read_config(path)
    }

    /// The window of layers that see less than a context of `context` positions; `None` where every layer sees all of it.
    pub(crate) fn window(&self, context: usize) -> Option<usize> {
        self.layers.iter().filter_map(|layer| layer.window).find(|&window| window < context)
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
        if self.heads * self.head_dim > MAX_DIM {
            return Err(format!("{} heads of {} are wider than {MAX_DIM}", self.heads, self.head_dim));
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!("{} heads cannot share {} key/value heads evenly", self.heads, self.kv_heads));
        }
        let mut windows = self.layers.iter().filter_map(|layer| layer.window);
        if let Some(first) = windows.next() {
            if first == 0 {
                return Err("a sliding window of 0 positions hides everything".to_owned());
            }
            if let Some(other) = windows.find(|&other| other != first) {
                return Err(format!("windows of {first} and of {other} positions in one model are not supported"));
            }
        }
        let positive = |factor: f32| factor.is_finite() && factor > 0.0;
        for (what, factor) in [
            ("scale of attention scores", self.query_scale),
            ("soft cap of attention scores", self.soft_caps.scores),
            ("soft cap of logits", self.soft_caps.logits),
        ] {
            if let Some(factor) = factor.filter(|&factor| !positive(factor)) {
                return Err(format!("{what} {factor} is not a positive number"));
            }
        }
        if !(self.norm_epsilon.is_finite() && self.norm_epsilon > 0.0) {
            return Err(format!("norm epsilon {} is not a positive number", self.norm_epsilon));
        }
        self.ropes.iter().try_for_each(|rope| rope.check(self.head_dim))
    }

    /// Names and shapes of the tensors that the model consists of, by Hugging Face's names.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, wide) = (self.hidden, self.intermediate);
        let (query, key) = (self.heads * self.head_dim, self.kv_heads * self.head_dim);
        let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocab, hidden])];
        for layer in 0..self.layers.len() {
            let mut add = |name: &str, shape: &[usize], bias: bool| {
                let name = format!("model.layers.{layer}.{name}");
                tensors.push((format!("{name}.weight"), shape.to_vec()));
                if bias {
                    tensors.push((format!("{name}.bias"), shape[..1].to_vec()));
                }
            };
            let Biases { qkv, attention_output, mlp } = self.biases;
            add("input_layernorm", &[hidden], false);
            add("self_attn.q_proj", &[query, hidden], qkv);
            add("self_attn.k_proj", &[key, hidden], qkv);
            add("self_attn.v_proj", &[key, hidden], qkv);
            if self.qk_norm {
                add("self_attn.q_norm", &[self.head_dim], false);
                add("self_attn.k_norm", &[self.head_dim], false);
            }
            add("self_attn.o_proj", &[hidden, query], attention_output);
            add("post_attention_layernorm", &[hidden], false);
            if self.post_norms {
                add("pre_feedforward_layernorm", &[hidden], false);
                add("post_feedforward_layernorm", &[hidden], false);
            }
            add("mlp.gate_proj", &[wide, hidden], mlp);
            add("mlp.up_proj", &[wide, hidden], mlp);
            add("mlp.down_proj", &[hidden, wide], mlp);
        }
        tensors.push(("model.norm.weight".to_owned(), vec![hidden]));
        if !self.tied {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocab, hidden]));
        }
        tensors
    }
}
