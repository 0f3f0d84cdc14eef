//! `config.json` of a Hugging Face folder.

use serde::Deserialize;
use serde_json::Value;

use super::{Architecture, Config};

/// Keys of `config.json` that the architectures use, or that change the computation in ways no recipe builds.
#[derive(Deserialize)]
struct RawConfig {
    model_type: String,
    num_hidden_layers: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: usize,
    max_position_embeddings: usize,
    rms_norm_eps: f32,
    rope_theta: Option<f64>,
    rope_parameters: Option<RopeParameters>,
    rope_scaling: Option<Value>,
    hidden_act: Option<String>,
    hidden_activation: Option<String>,
    tie_word_embeddings: Option<bool>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    rope_interleaved: Option<bool>,
    sliding_window: Option<Value>,
    quantization_config: Option<Value>,
}

/// How transformers 5 spells `rope_theta` and `rope_scaling`.
#[derive(Deserialize)]
struct RopeParameters {
    rope_theta: Option<f64>,
    rope_type: Option<String>,
}

/// Parses the text of `config.json`. Errors are sentences naming the key.
pub(super) fn parse(text: &[u8]) -> Result<Config, String> {
    // The type decides what the other keys mean, so an unknown one is reported before a missing key.
    let json: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let model_type = json.get("model_type").and_then(Value::as_str).ok_or("model_type is missing")?;
    let architecture = Architecture::from_name(model_type)?;
    let raw: RawConfig = serde_json::from_value(json).map_err(|error| error.to_string())?;
    raw.reject_unsupported(architecture)?;

    let head_dim = match raw.head_dim {
        Some(head_dim) => head_dim,
        None => raw.hidden_size.checked_div(raw.num_attention_heads).ok_or("num_attention_heads is 0")?,
    };
    Ok(Config {
        architecture,
        layers: raw.num_hidden_layers,
        hidden: raw.hidden_size,
        intermediate: raw.intermediate_size,
        heads: raw.num_attention_heads,
        kv_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
        head_dim,
        vocab: raw.vocab_size,
        max_context: raw.max_position_embeddings,
        rope_theta: raw.rope_theta.or(raw.rope_parameters.and_then(|rope| rope.rope_theta)).unwrap_or(10000.0),
        norm_epsilon: raw.rms_norm_eps,
        // Defaults of the two configuration classes in transformers.
        tied: raw.tie_word_embeddings.unwrap_or(architecture == Architecture::Gemma),
    })
}

impl RawConfig {
    fn reject_unsupported(&self, architecture: Architecture) -> Result<(), String> {
        let refuse =
            |key: &str, found: String| Err(format!("{key} = {found} is not supported for {}", self.model_type));
        // Gemma's first configurations say "gelu" and mean its tanh approximation.
        let activations: &[&str] = match architecture {
            Architecture::Llama => &["silu"],
            Architecture::Gemma => &["gelu_pytorch_tanh", "gelu"],
        };
        let activation = self.hidden_activation.as_deref().or(self.hidden_act.as_deref());
        if let Some(found) = activation.filter(|found| !activations.contains(found)) {
            return refuse("hidden_act", format!("{found:?}"));
        }
        if let Some(kind) = self.rope_parameters.as_ref().and_then(|rope| rope.rope_type.as_deref())
            && kind != "default"
        {
            return refuse("rope_parameters.rope_type", format!("{kind:?}"));
        }
        for (key, value) in [
            ("rope_scaling", &self.rope_scaling),
            ("sliding_window", &self.sliding_window),
            ("quantization_config", &self.quantization_config),
        ] {
            if let Some(found) = value {
                return refuse(key, found.to_string());
            }
        }
        for (key, value) in [
            ("attention_bias", self.attention_bias),
            ("mlp_bias", self.mlp_bias),
            ("rope_interleaved", self.rope_interleaved),
        ] {
            if value == Some(true) {
                return refuse(key, "true".to_owned());
            }
        }
        Ok(())
    }
}
