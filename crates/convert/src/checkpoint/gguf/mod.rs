//! GGUF files as checkpoints: llama.cpp's names and keys.

mod keys;

use std::{collections::HashMap, path::Path};

pub(crate) use keys::Keys;

use super::{Checkpoint, Config, split_fused};
use crate::{
    ConvertError,
    architectures::Architecture,
    gguf::Gguf,
    weights::{RowOrder, StoredTensor},
};

/// Most rotary factors accepted: one for each pair of a head.
const MAX_FACTORS: usize = 1 << 16;

pub(super) fn open(path: &Path) -> Result<Checkpoint, ConvertError> {
    let mut file = Gguf::open(path)?;
    let unsupported = |what| ConvertError::Unsupported { path: path.to_owned(), what };
    let factors = take_rope_factors(&mut file)?;
    let config = config(&file, factors).and_then(|config| config.check().map(|()| config)).map_err(unsupported)?;
    let definition = config.architecture.definition();

    let mut tensors = HashMap::new();
    for (name, tensor) in file.tensors {
        let canonical = canonical_name(&name, definition.fused, config.post_norms).ok_or_else(|| {
            unsupported(format!("tensor {name} has no place in the {} architecture", config.architecture.name()))
        })?;
        let mut tensor = squeeze(tensor);
        if definition.gguf_interleaves && [".q_proj.", ".k_proj."].iter().any(|part| canonical.contains(part)) {
            tensor.row_order = RowOrder::InterleavedHalves { head_dim: config.head_dim };
        }
        if tensors.insert(canonical, tensor).is_some() {
            return Err(unsupported(format!("tensor {name} is there twice, under two spellings")));
        }
    }
    split_fused(path, &config, &mut tensors)?;
    Ok(Checkpoint {
        path: path.to_owned(),
        name: model_name(path),
        licence: file.metadata.get_str("general.license").map(str::to_owned),
        config,
        tensors,
        norm_shift: 0.0,
    })
}

fn config(file: &Gguf, factors: HashMap<String, Vec<f32>>) -> Result<Config, String> {
    let name = file.metadata.get_str("general.architecture").ok_or("general.architecture is missing")?;
    let architecture = Architecture::from_gguf_name(name)?;
    let mut keys = Keys::new(file, name, factors);
    let config = (architecture.definition().from_gguf)(&mut keys)?;
    keys.reject_rest()?;
    Ok(config)
}

/// Takes the tensors that are no weights but numbers for rotary frequencies out of the file, by name.
fn take_rope_factors(file: &mut Gguf) -> Result<HashMap<String, Vec<f32>>, ConvertError> {
    let mut factors = HashMap::new();
    for name in ["rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"] {
        let Some(tensor) = file.tensors.shift_remove(name) else { continue };
        if tensor.len() > MAX_FACTORS {
            let what = format!("tensor {name} has {} elements, at most {MAX_FACTORS} are expected", tensor.len());
            return Err(ConvertError::Malformed { path: file.path.clone(), what });
        }
        factors.insert(name.to_owned(), tensor.to_f32_vec()?);
    }
    Ok(factors)
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

/// Hugging Face's name for one of llama.cpp's. Where gate and up projection are one matrix, llama.cpp calls it `ffn_up`; where
/// there is a norm behind attention, Hugging Face calls that `post_attention_layernorm`, else the one that follows it.
fn canonical_name(name: &str, fused: bool, post_norms: bool) -> Option<String> {
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
    let (part, kind) = part.rsplit_once('.').filter(|(_, kind)| ["weight", "bias"].contains(kind))?;
    let part = match part {
        "attn_norm" => "input_layernorm",
        "attn_q" => "self_attn.q_proj",
        "attn_k" => "self_attn.k_proj",
        "attn_v" => "self_attn.v_proj",
        "attn_qkv" if fused => "self_attn.qkv_proj",
        "attn_q_norm" => "self_attn.q_norm",
        "attn_k_norm" => "self_attn.k_norm",
        "attn_output" => "self_attn.o_proj",
        "post_attention_norm" if post_norms => "post_attention_layernorm",
        "ffn_norm" if post_norms => "pre_feedforward_layernorm",
        "post_ffw_norm" if post_norms => "post_feedforward_layernorm",
        "ffn_norm" => "post_attention_layernorm",
        "ffn_gate" => "mlp.gate_proj",
        "ffn_up" if fused => "mlp.gate_up_proj",
        "ffn_up" => "mlp.up_proj",
        "ffn_down" => "mlp.down_proj",
        _ => return None,
    };
    Some(format!("model.layers.{layer}.{part}.{kind}"))
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
