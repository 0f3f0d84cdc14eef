//! The metadata of one architecture, read key by key so that what is left at the end is known to be unread.

use std::collections::{HashMap, HashSet};

use crate::{
    architectures::Architecture,
    checkpoint::{
        Biases, Config, Layer, Rope, SoftCaps,
        rope::{LongContext, RopeScaling},
    },
    gguf::{Gguf, MetadataValue},
};

/// Keys under the architecture's name that say nothing about the computation.
const WITHOUT_EFFECT: [&str; 2] = ["tensor_data_layout", "vocab_size"];

/// The keys under an architecture's name, and which of them have been read.
pub(crate) struct Keys<'a> {
    file: &'a Gguf,
    prefix: String,
    read: HashSet<&'static str>,
    /// Rotary factors by the name of their tensor.
    factors: HashMap<String, Vec<f32>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(file: &'a Gguf, architecture: &str, factors: HashMap<String, Vec<f32>>) -> Self {
        Self { file, prefix: format!("{architecture}."), read: HashSet::new(), factors }
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn get(&mut self, key: &'static str) -> Option<&'a MetadataValue> {
        self.read.insert(key);
        self.file.metadata.get(&self.full(key))
    }

    /// The size at a key.
    ///
    /// # Errors
    /// A sentence when the value is something else.
    pub(crate) fn optional(&mut self, key: &'static str) -> Result<Option<usize>, String> {
        let full = self.full(key);
        match self.get(key) {
            None => Ok(None),
            Some(value) => match self.file.metadata.get_usize(&full) {
                None => Err(format!("{full} is {}, a size is expected", value.kind())),
                size => Ok(size),
            },
        }
    }

    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, String> {
        value.ok_or_else(|| format!("{} is missing", self.full(key)))
    }

    fn size(&mut self, key: &'static str) -> Result<usize, String> {
        let size = self.optional(key)?;
        self.required(key, size)
    }

    /// The float at a key.
    ///
    /// # Errors
    /// A sentence when the value is something else.
    pub(crate) fn float(&mut self, key: &'static str) -> Result<Option<f32>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(MetadataValue::Float(value)) => Ok(Some(*value as f32)),
            Some(value) => Err(format!("{} is {}, a float is expected", self.full(key), value.kind())),
        }
    }

    /// The keys and tensors that every decoder has, without windows.
    pub(crate) fn decoder(&mut self, architecture: Architecture) -> Result<Config, String> {
        self.reject_experts()?;
        let (heads, hidden) = (self.size("attention.head_count")?, self.size("embedding_length")?);
        let head_dim = match self.optional("attention.key_length")? {
            Some(head_dim) => head_dim,
            None => usize::checked_div(hidden, heads).ok_or("attention.head_count is 0")?,
        };
        if let Some(other) = self.optional("attention.value_length")?.filter(|&other| other != head_dim) {
            let key = self.full("attention.value_length");
            return Err(format!("{key} = {other} is not supported: it differs from the head size {head_dim}"));
        }
        let embedding = self.file.tensors.get("token_embd.weight").ok_or("tensor token_embd.weight is missing")?;
        let has = |name: &str| self.file.tensors.contains_key(name);
        let biases = Biases {
            qkv: has("blk.0.attn_q.bias"),
            attention_output: has("blk.0.attn_output.bias"),
            mlp: has("blk.0.ffn_up.bias"),
        };
        let tied = !has("output.weight");
        let epsilon = self.float("attention.layer_norm_rms_epsilon")?;
        Ok(Config {
            architecture,
            layers: Layer::list(self.size("block_count")?, |_| Layer::FULL)?,
            hidden,
            intermediate: self.size("feed_forward_length")?,
            heads,
            kv_heads: self.optional("attention.head_count_kv")?.unwrap_or(heads),
            head_dim,
            vocab: embedding.rows(),
            max_context: self.size("context_length")?,
            ropes: vec![self.rope(head_dim, architecture.definition().gguf_interleaves)?],
            norm_epsilon: self.required("attention.layer_norm_rms_epsilon", epsilon)?,
            biases,
            qk_norm: false,
            post_norms: false,
            query_scale: None,
            soft_caps: SoftCaps::default(),
            tied,
        })
    }

    /// Gives a window of `window` positions to all layers but the last of every `interval`, or to those that the file names.
    pub(crate) fn slide(&mut self, layers: &mut [Layer], window: usize, interval: usize) -> Result<(), String> {
        let key = "attention.sliding_window_pattern";
        let named = match self.get(key) {
            Some(MetadataValue::Bools(sliding)) if sliding.len() == layers.len() => Some(sliding),
            Some(MetadataValue::Bools(sliding)) => {
                return Err(format!("{} names {} layers of {}", self.full(key), sliding.len(), layers.len()));
            }
            _ => None,
        };
        let interval = if named.is_some() { interval } else { self.optional(key)?.unwrap_or(interval) };
        for (index, layer) in layers.iter_mut().enumerate() {
            // llama.cpp means all layers by 0.
            let slides = named.map_or(interval == 0 || (index + 1) % interval != 0, |named| named[index]);
            layer.window = slides.then_some(window);
        }
        Ok(())
    }

    fn rope(&mut self, head_dim: usize, interleaved: bool) -> Result<Rope, String> {
        let theta = self.float("rope.freq_base")?.map_or(10_000.0, f64::from);
        let dims = self.optional("rope.dimension_count")?.unwrap_or(head_dim);
        if interleaved && dims != head_dim {
            let key = self.full("rope.dimension_count");
            return Err(format!("{key} = {dims} is not supported: it differs from the head size {head_dim}"));
        }
        let rope = Rope { dims, ..Rope::plain(theta, head_dim) };
        match (self.get("rope.scaling.type"), self.float("rope.scaling.factor")?) {
            (None, None) => self.divided(rope),
            (Some(MetadataValue::String(kind)), _) if kind == "none" => self.divided(rope),
            (Some(MetadataValue::String(kind)), _) if kind == "longrope" && !self.factors.is_empty() => {
                self.divided(rope)
            }
            (Some(MetadataValue::String(kind)), Some(factor)) if kind == "linear" => Ok(rope.linear(factor.into())),
            (None, Some(_)) => Err(self.refused("rope.scaling.factor")),
            _ => Err(self.refused("rope.scaling.type")),
        }
    }

    /// Divides frequencies by the numbers that a file holds as tensors: those of Llama 3.1, worked out when the file was
    /// made, or those of LongRoPE.
    fn divided(&mut self, rope: Rope) -> Result<Rope, String> {
        if let Some(divisors) = self.factors.remove("rope_freqs.weight") {
            return Ok(rope.divided(divisors));
        }
        let beyond = self.optional("rope.scaling.original_context_length")?;
        let [short, long] = ["short", "long"].map(|kind| self.factors.remove(&format!("rope_factors_{kind}.weight")));
        match (short, long) {
            (None, None) => Ok(rope),
            (Some(divisors), Some(long)) => {
                let beyond = self.required("rope.scaling.original_context_length", beyond)?;
                let amplitude = self.float("rope.scaling.attn_factor")?.unwrap_or(1.0);
                let long = Some(LongContext { beyond, divisors: long });
                Ok(Rope { scaling: Some(RopeScaling { divisors, long, amplitude }), ..rope })
            }
            _ => Err("one of rope_factors_short.weight and rope_factors_long.weight is missing".to_owned()),
        }
    }

    /// Files of mixtures keep the architecture's name.
    fn reject_experts(&mut self) -> Result<(), String> {
        for key in ["expert_count", "expert_used_count"] {
            if self.optional(key)?.is_some_and(|count| count > 0) {
                return Err(self.refused(key));
            }
        }
        Ok(())
    }

    fn refused(&self, key: &str) -> String {
        format!("{} is not supported", self.full(key))
    }

    /// Refuses what nobody has read and might change the mathematics.
    pub(super) fn reject_rest(&self) -> Result<(), String> {
        let mut ours = self.file.metadata.keys().filter_map(|key| key.strip_prefix(&self.prefix));
        let unread = ours.find(|key| !self.read.contains(key) && !WITHOUT_EFFECT.contains(key));
        if let Some(key) = unread {
            return Err(self.refused(key));
        }
        match self.factors.keys().next() {
            None => Ok(()),
            Some(tensor) => Err(format!("tensor {tensor} has no place in this model")),
        }
    }
}
