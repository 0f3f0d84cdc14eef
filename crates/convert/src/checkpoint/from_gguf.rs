//! GGUF files as checkpoints: llama.cpp's names and keys.

use std::{collections::HashMap, path::Path};

use super::{Architecture, Checkpoint, Config};
use crate::{
    ConvertError,
    gguf::{Gguf, Metadata, MetadataValue},
    weights::{RowOrder, StoredTensor},
};

/// Keys under the architecture's name that say nothing about the computation, or that [`config`] reads.
const KNOWN_KEYS: [&str; 16] = [
    "block_count",
    "context_length",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.layer_norm_rms_epsilon",
    "rope.freq_base",
    "rope.dimension_count",
    "rope.scaling.type",
    "tensor_data_layout",
    "vocab_size",
    "expert_count",
    "expert_used_count",
];

pub(super) fn open(path: &Path) -> Result<Checkpoint, ConvertError> {
    let file = Gguf::open(path)?;
    let unsupported = |what| ConvertError::Unsupported { path: path.to_owned(), what };
    let config = config(&file).map_err(unsupported)?;
    config.check().map_err(unsupported)?;

    let mut tensors = HashMap::new();
    for (name, tensor) in file.tensors {
        let canonical = canonical_name(&name).ok_or_else(|| {
            unsupported(format!("tensor {name} has no place in the {} architecture", config.architecture.name()))
        })?;
        let mut tensor = squeeze(tensor);
        let rotated = canonical.ends_with("q_proj.weight") || canonical.ends_with("k_proj.weight");
        if rotated && config.architecture == Architecture::Llama {
            tensor.row_order = RowOrder::InterleavedHalves { head_dim: config.head_dim };
        }
        if tensors.insert(canonical, tensor).is_some() {
            return Err(unsupported(format!("tensor {name} is there twice, under two spellings")));
        }
    }
    Ok(Checkpoint {
        path: path.to_owned(),
        name: model_name(path),
        licence: file.metadata.get_str("general.license").map(str::to_owned),
        config,
        tensors,
        norm_shift: 0.0,
    })
}

/// The file's name without its extension and a format such as `Q4_1` or `f16` before it. (`general.name` is often the name
/// of a training run.)
fn model_name(path: &Path) -> String {
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let is_format = |part: &str| {
        let part = part.to_ascii_uppercase();
        let quantised = part.strip_prefix("IQ").or(part.strip_prefix('Q'));
        quantised.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
            || ["F16", "FP16", "BF16", "F32"].contains(&part.as_str())
    };
    match stem.rsplit_once(['.', '-']) {
        Some((name, format)) if is_format(format) && !name.is_empty() => name.to_owned(),
        _ => stem,
    }
}

/// Drops leading dimensions of 1, which some writers pad shapes with.
fn squeeze(mut tensor: StoredTensor) -> StoredTensor {
    let leading = tensor.shape.iter().take_while(|&&dim| dim == 1).count().min(tensor.shape.len() - 1);
    tensor.shape.drain(..leading);
    tensor
}

fn config(file: &Gguf) -> Result<Config, String> {
    let metadata = &file.metadata;
    let name = metadata.get_str("general.architecture").ok_or("general.architecture is missing")?;
    let architecture = Architecture::from_name(name)?;
    let keys = Keys { metadata, prefix: architecture.name() };
    keys.reject_unknown()?;

    let heads = keys.size("attention.head_count")?;
    let hidden = keys.size("embedding_length")?;
    let head_dim = match keys.optional("attention.key_length")? {
        Some(head_dim) => head_dim,
        None => hidden.checked_div(heads).ok_or("attention.head_count is 0")?,
    };
    for key in ["attention.value_length", "rope.dimension_count"] {
        if let Some(other) = keys.optional(key)?.filter(|&other| other != head_dim) {
            return Err(format!("{name}.{key} = {other} is not supported: it differs from the head size {head_dim}"));
        }
    }
    let embedding = file.tensors.get("token_embd.weight").ok_or("tensor token_embd.weight is missing")?;
    Ok(Config {
        architecture,
        layers: keys.size("block_count")?,
        hidden,
        intermediate: keys.size("feed_forward_length")?,
        heads,
        kv_heads: keys.optional("attention.head_count_kv")?.unwrap_or(heads),
        head_dim,
        vocab: embedding.rows(),
        max_context: keys.size("context_length")?,
        rope_theta: keys.float("rope.freq_base")?.map_or(10000.0, f64::from),
        norm_epsilon: keys
            .float("attention.layer_norm_rms_epsilon")?
            .ok_or_else(|| format!("{name}.attention.layer_norm_rms_epsilon is missing"))?,
        tied: !file.tensors.contains_key("output.weight"),
    })
}

/// The metadata keys of one architecture.
struct Keys<'a> {
    metadata: &'a Metadata,
    prefix: &'static str,
}

impl Keys<'_> {
    fn get(&self, key: &str) -> Option<&MetadataValue> {
        self.metadata.get(&format!("{}.{key}", self.prefix))
    }

    fn optional(&self, key: &str) -> Result<Option<usize>, String> {
        let full = format!("{}.{key}", self.prefix);
        match self.get(key) {
            None => Ok(None),
            Some(value) => match self.metadata.get_usize(&full) {
                None => Err(format!("{full} is {}, a size is expected", value.kind())),
                size => Ok(size),
            },
        }
    }

    fn size(&self, key: &str) -> Result<usize, String> {
        self.optional(key)?.ok_or_else(|| format!("{}.{key} is missing", self.prefix))
    }

    fn float(&self, key: &str) -> Result<Option<f32>, String> {
        match self.get(key) {
            None => Ok(None),
            Some(MetadataValue::Float(value)) => Ok(Some(*value as f32)),
            Some(value) => Err(format!("{}.{key} is {}, a float is expected", self.prefix, value.kind())),
        }
    }

    /// An unknown key may change what the model computes, so it is an error; so are scaled frequencies and experts.
    fn reject_unknown(&self) -> Result<(), String> {
        let ours = self.metadata.keys().filter_map(|key| key.strip_prefix(self.prefix)?.strip_prefix('.'));
        for key in ours {
            let supported = match (key, self.get(key)) {
                ("rope.scaling.type", Some(MetadataValue::String(kind))) => kind == "none",
                ("expert_count" | "expert_used_count", Some(MetadataValue::Unsigned(count))) => *count == 0,
                _ => KNOWN_KEYS.contains(&key),
            };
            if !supported {
                return Err(format!("{}.{key} is not supported", self.prefix));
            }
        }
        Ok(())
    }
}

/// Hugging Face's name for one of llama.cpp's.
fn canonical_name(name: &str) -> Option<String> {
    let whole = match name {
        "token_embd.weight" => Some("model.embed_tokens.weight"),
        "output_norm.weight" => Some("model.norm.weight"),
        "output.weight" => Some("lm_head.weight"),
        _ => None,
    };
    if let Some(whole) = whole {
        return Some(whole.to_owned());
    }
    let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
    let layer: usize = layer.parse().ok()?;
    let part = match part.strip_suffix(".weight")? {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_output" => "self_attn.o_proj",
        "ffn_norm" => "post_attention_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{layer}.{part}.weight"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_not_part_of_a_name() {
        let name = |file: &str| model_name(Path::new(file));
        assert_eq!(name("models/SmolLM2-135M-Instruct.Q4_1.gguf"), "SmolLM2-135M-Instruct");
        assert_eq!(name("gemma-2b-it-q4_k_m.gguf"), "gemma-2b-it");
        assert_eq!(name("tiny.BF16.gguf"), "tiny");
        assert_eq!(name("llama-3.gguf"), "llama-3");
        assert_eq!(name("Qwen.gguf"), "Qwen");
        assert_eq!(name("Q4_0.gguf"), "Q4_0");
    }
}
