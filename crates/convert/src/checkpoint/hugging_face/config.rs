//! What the keys of a `config.json` mean, where architectures agree on them.

use serde_json::Value;

use super::Keys;
use crate::{
    architectures::Architecture,
    checkpoint::{
        Biases, Config, Layer, Rope, SoftCaps,
        rope::{Llama3Scaling, LongContext, RopeScaling},
    },
};

/// What the configuration class of an architecture in transformers assumes where a file says nothing.
pub(crate) struct Defaults {
    /// Width of a head; `None` for the hidden size divided among the heads.
    pub head_dim: Option<usize>,
    pub rope_theta: f64,
    /// Whether `partial_rotary_factor` is a key of the class.
    pub partial_rotary: bool,
    pub tied: bool,
    /// Names of the activations that mean the one of the architecture.
    pub activations: &'static [&'static str],
}

/// Those of Llama and most others.
pub(crate) const DEFAULTS: Defaults =
    Defaults { head_dim: None, rope_theta: 10_000.0, partial_rotary: false, tied: false, activations: &["silu"] };

/// Parses the text of `config.json`. Errors are sentences naming the key.
pub(super) fn parse(text: &[u8]) -> Result<Config, String> {
    // The type decides what the other keys mean, so an unknown one is reported before a missing key.
    let json: Value = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let Value::Object(mut values) = json else { return Err("model_type is missing".to_owned()) };
    let mut model_type = values.get("model_type").and_then(Value::as_str).ok_or("model_type is missing")?.to_owned();
    if model_type == "gemma3" {
        // It sees images too; its text model is described apart.
        let Some(Value::Object(text)) = values.remove("text_config") else {
            return Err("text_config is missing".to_owned());
        };
        (values, model_type) = (text, "gemma3_text".to_owned());
    }
    let architecture = Architecture::from_model_type(&model_type)?;
    let mut keys = Keys::new(values, &model_type);
    let config = (architecture.definition().from_hugging_face)(&mut keys)?;
    keys.reject_rest()?;
    Ok(config)
}

impl Keys {
    /// The keys that every decoder has, with neither biases nor windows.
    pub(crate) fn decoder(&mut self, architecture: Architecture, defaults: &Defaults) -> Result<Config, String> {
        for key in ["hidden_act", "hidden_activation"] {
            if let Some(found) = self.optional::<String>(key)?
                && !defaults.activations.contains(&found.as_str())
            {
                return Err(self.refuse(key, found));
            }
        }
        let (hidden, heads) = (self.required("hidden_size")?, self.required("num_attention_heads")?);
        let head_dim = match self.optional("head_dim")?.or(defaults.head_dim) {
            Some(head_dim) => head_dim,
            None => usize::checked_div(hidden, heads).ok_or("num_attention_heads is 0")?,
        };
        let max_context = self.required("max_position_embeddings")?;
        Ok(Config {
            architecture,
            layers: Layer::list(self.required("num_hidden_layers")?, |_| Layer::FULL)?,
            hidden,
            intermediate: self.required("intermediate_size")?,
            heads,
            kv_heads: self.optional("num_key_value_heads")?.unwrap_or(heads),
            head_dim,
            vocab: self.required("vocab_size")?,
            max_context,
            ropes: vec![self.rope(defaults, head_dim, max_context)?],
            norm_epsilon: self.required("rms_norm_eps")?,
            biases: Biases::default(),
            qk_norm: false,
            post_norms: false,
            query_scale: None,
            soft_caps: SoftCaps::default(),
            tied: self.optional("tie_word_embeddings")?.unwrap_or(defaults.tied),
        })
    }

    /// `attention_bias`, which stands for all four projections of attention, and `mlp_bias`.
    pub(crate) fn biases(&mut self) -> Result<Biases, String> {
        let attention = self.optional("attention_bias")?.unwrap_or(false);
        let mlp = self.optional("mlp_bias")?.unwrap_or(false);
        Ok(Biases { qkv: attention, attention_output: attention, mlp })
    }

    /// Gives a window of `window` positions to the layers that `layer_types` names, or those that `slides` picks by number
    /// where there is no such key.
    pub(crate) fn slide(
        &mut self,
        layers: &mut [Layer],
        window: Option<usize>,
        slides: impl Fn(usize) -> bool,
    ) -> Result<(), String> {
        let types: Option<Vec<String>> = self.optional("layer_types")?;
        if let Some(types) = &types
            && types.len() != layers.len()
        {
            return Err(format!("layer_types names {} layers of {}", types.len(), layers.len()));
        }
        for (index, layer) in layers.iter_mut().enumerate() {
            let sliding = match types.as_ref().map(|types| types[index].as_str()) {
                None => window.is_some() && slides(index),
                Some("full_attention") => false,
                Some("sliding_attention") if window.is_some() => true,
                Some(other) => return Err(self.refuse("layer_types", other)),
            };
            layer.window = window.filter(|_| sliding);
        }
        Ok(())
    }

    /// `use_sliding_window` and `sliding_window`, of which the first is false where it is missing.
    pub(crate) fn optional_window(&mut self) -> Result<Option<usize>, String> {
        let used = self.optional("use_sliding_window")?.unwrap_or(false);
        let window = self.optional("sliding_window")?;
        Ok(window.filter(|_| used))
    }

    /// `rope_theta`, `rope_scaling` and `partial_rotary_factor`, or `rope_parameters`, as transformers 5 joins them.
    fn rope(&mut self, defaults: &Defaults, head_dim: usize, max_context: usize) -> Result<Rope, String> {
        let theta = self.optional("rope_theta")?.unwrap_or(defaults.rope_theta);
        let share = self.optional("partial_rotary_factor")?.unwrap_or(1.0);
        let original = self.optional("original_max_position_embeddings")?;
        let scaling = self.object("rope_scaling")?;
        let Some(mut keys) = scaling.or(self.object("rope_parameters")?) else {
            return self.partial(theta, head_dim, share, defaults);
        };
        let theta = keys.optional("rope_theta")?.unwrap_or(theta);
        let share = keys.optional("partial_rotary_factor")?.unwrap_or(share);
        let rope = keys.scaled(self.partial(theta, head_dim, share, defaults)?, original, max_context)?;
        keys.reject_rest()?;
        Ok(rope)
    }

    /// Turns a share of each head, rounded down as transformers does.
    fn partial(&self, theta: f64, head_dim: usize, share: f64, defaults: &Defaults) -> Result<Rope, String> {
        if share != 1.0 && !defaults.partial_rotary {
            return Err(self.refuse("partial_rotary_factor", share));
        }
        Ok(Rope { dims: (head_dim as f64 * share) as usize, ..Rope::plain(theta, head_dim) })
    }

    /// The scaling that this object describes.
    fn scaled(&mut self, rope: Rope, original: Option<usize>, max_context: usize) -> Result<Rope, String> {
        let kind: Option<String> = self.optional("type")?;
        let kind = self.optional("rope_type")?.or(kind);
        match kind.as_deref().unwrap_or("default") {
            "default" => Ok(rope),
            "linear" => Ok(rope.linear(self.required("factor")?)),
            "llama3" => Ok(rope.llama3(&Llama3Scaling {
                factor: self.required("factor")?,
                low_freq_factor: self.required("low_freq_factor")?,
                high_freq_factor: self.required("high_freq_factor")?,
                original_context: self.required("original_max_position_embeddings")?,
            })),
            // The first Phi-3 files call it "su".
            "longrope" | "su" => {
                let key = "original_max_position_embeddings";
                let original = self.optional(key)?.or(original).ok_or_else(|| format!("{key} is missing"))?;
                // transformers takes the ratio of the contexts, whatever the file states.
                let _: Option<f64> = self.optional("factor")?;
                let amplitude = match self.optional("attention_factor")? {
                    Some(amplitude) => amplitude,
                    None => long_rope_amplitude(max_context as f64 / original as f64, original),
                };
                let long = LongContext { beyond: original, divisors: self.required("long_factor")? };
                let scaling = RopeScaling { divisors: self.required("short_factor")?, long: Some(long), amplitude };
                Ok(Rope { scaling: Some(scaling), ..rope })
            }
            other => Err(self.refuse("rope_type", other)),
        }
    }
}

/// Factor of cosines and sines of a model whose context was stretched `factor` times (LongRoPE, Ding et al. 2024).
fn long_rope_amplitude(factor: f64, original: usize) -> f32 {
    if factor <= 1.0 { 1.0 } else { (1.0 + factor.ln() / (original as f64).ln()).sqrt() as f32 }
}
