//! The keys of a `config.json`, taken one after the other so that what is left at the end is known to be unread.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Keys that do not change what a model computes: how it was trained, how text is generated from it, which program wrote
/// the file.
const WITHOUT_EFFECT: [&str; 27] = [
    "architectures",
    "attention_dropout",
    "auto_map",
    "bos_token_id",
    "cache_implementation",
    "dtype",
    "embd_pdrop",
    "eos_token_id",
    "initializer_range",
    "is_llama_config",
    "max_length",
    "model_type",
    "name_or_path",
    "output_attentions",
    "output_hidden_states",
    "pad_token_id",
    "pretraining_tp",
    "resid_pdrop",
    "return_dict",
    "task_specific_params",
    "tokenizer_class",
    "torch_dtype",
    "transformers.js_config",
    "transformers_version",
    "unsloth_fixed",
    "unsloth_version",
    "use_cache",
];

/// Keys that architectures which do not read them may have with these values, as JSON.
const NEUTRAL: [(&str, &str); 11] = [
    ("attention_bias", "false"),
    ("full_attn_mod", "1"),
    ("interpolate_factor", "1"),
    ("is_decoder", "false"),
    ("lm_head_bias", "false"),
    ("mlp_bias", "false"),
    ("rope_interleaved", "false"),
    ("tie_encoder_decoder", "false"),
    ("use_bidirectional_attention", "false"),
    ("use_mrope", "false"),
    ("use_sliding_window", "false"),
];

/// The keys of an object that have not been read yet.
pub(crate) struct Keys {
    values: Map<String, Value>,
    /// Where the object lies in the file: empty, or `rope_scaling.` for instance.
    path: String,
    model_type: String,
}

impl Keys {
    /// The keys of a file's outermost object.
    pub(super) fn new(values: Map<String, Value>, model_type: &str) -> Self {
        Self { values, path: String::new(), model_type: model_type.to_owned() }
    }

    /// Takes a key out. One without a value, `null`, is as good as absent.
    ///
    /// # Errors
    /// A sentence when the value has another type.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        let Some(value) = self.values.remove(key).filter(|value| !value.is_null()) else { return Ok(None) };
        let found = value.to_string();
        serde_json::from_value(value).map(Some).map_err(|error| format!("{}{key} = {found}: {error}", self.path))
    }

    /// Takes out a key that stands for `default` where it is missing, and for nothing where it has no value.
    pub(crate) fn nullable<T: DeserializeOwned>(&mut self, key: &str, default: T) -> Result<Option<T>, String> {
        if self.values.contains_key(key) { self.optional(key) } else { Ok(Some(default)) }
    }

    /// Adds a key where it is missing.
    pub(crate) fn assume(&mut self, key: &str, value: impl Into<Value>) {
        self.values.entry(key).or_insert(value.into());
    }

    /// Takes out a key that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        self.optional(key)?.ok_or_else(|| format!("{}{key} is missing", self.path))
    }

    /// Takes out an object, whose keys are then to be read.
    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Self>, String> {
        let values: Option<Map<String, Value>> = self.optional(key)?;
        let path = format!("{}{key}.", self.path);
        Ok(values.map(|values| Self { values, path, model_type: self.model_type.clone() }))
    }

    /// The error for a key whose value no recipe builds.
    pub(crate) fn refuse(&self, key: &str, found: impl Into<Value>) -> String {
        format!("{}{key} = {} is not supported for {}", self.path, found.into(), self.model_type)
    }

    /// Refuses what nobody has read and might change the mathematics.
    pub(crate) fn reject_rest(self) -> Result<(), String> {
        let harmless = |key: &str, value: &Value| {
            value.is_null()
                || key.starts_with('_')
                || WITHOUT_EFFECT.contains(&key)
                || NEUTRAL.contains(&(key, value.to_string().as_str()))
        };
        match self.values.iter().find(|(key, value)| !harmless(key, value)) {
            None => Ok(()),
            Some((key, value)) => Err(self.refuse(key, value.clone())),
        }
    }
}
