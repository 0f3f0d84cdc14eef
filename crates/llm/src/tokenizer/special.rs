//! The special tokens that the files beside a model name.

use std::path::Path;

use serde_json::{Map, Value};

use super::Tokenizer;
use crate::{LlmError, files};

/// Special tokens by role, from `tokenizer_config.json` and `generation_config.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Begins a text.
    pub bos: Option<String>,
    /// Ends a text.
    pub eos: Option<String>,
    /// Stands for what the vocabulary cannot spell.
    pub unk: Option<String>,
    /// Fills a batch.
    pub pad: Option<String>,
    /// Ids that end an answer: the end of text and whatever `generation_config.json` lists.
    pub stop: Vec<u32>,
}

impl SpecialTokens {
    /// Reads the files in `folder`; a missing file leaves its fields empty.
    ///
    /// # Errors
    /// A file is there but unreadable, or names a token that the tokenizer does not have.
    pub fn from_folder(folder: &Path, tokenizer: &Tokenizer) -> Result<Self, LlmError> {
        let config_path = folder.join("tokenizer_config.json");
        let config = files::read_json(&config_path)?.unwrap_or_default();
        let token = |name: &str| match &config[name] {
            Value::String(text) => Some(text.clone()),
            Value::Object(added) => added.get("content").and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let mut special = Self {
            bos: token("bos_token"),
            eos: token("eos_token"),
            unk: token("unk_token"),
            pad: token("pad_token"),
            stop: Vec::new(),
        };
        if let Some(eos) = &special.eos {
            let id = tokenizer.id(eos).ok_or_else(|| LlmError::Config {
                path: config_path,
                reason: format!("eos_token {eos:?} is not in the tokenizer's vocabulary"),
            })?;
            special.add_stop(id);
        }
        let generation_path = folder.join("generation_config.json");
        let generation = files::read_json(&generation_path)?.unwrap_or_default();
        let listed = match &generation["eos_token_id"] {
            Value::Null => &[][..],
            Value::Array(ids) => ids,
            one => std::slice::from_ref(one),
        };
        for id in listed {
            let valid = id.as_u64().and_then(|id| u32::try_from(id).ok()).filter(|&id| tokenizer.token(id).is_some());
            special.add_stop(valid.ok_or_else(|| LlmError::Config {
                path: generation_path.clone(),
                reason: format!("eos_token_id holds {id}, expected ids of tokens in the vocabulary"),
            })?);
        }
        Ok(special)
    }

    /// These, and what they leave open from `other`.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            bos: self.bos.or(other.bos),
            eos: self.eos.or(other.eos),
            unk: self.unk.or(other.unk),
            pad: self.pad.or(other.pad),
            stop: if self.stop.is_empty() { other.stop } else { self.stop },
        }
    }

    /// Adds an id that ends an answer.
    pub(crate) fn add_stop(&mut self, id: u32) {
        if !self.stop.contains(&id) {
            self.stop.push(id);
        }
    }

    /// The tokens by the names that chat templates and `tokenizer_config.json` use.
    pub(crate) fn by_name(&self) -> Map<String, Value> {
        [("bos_token", &self.bos), ("eos_token", &self.eos), ("unk_token", &self.unk), ("pad_token", &self.pad)]
            .into_iter()
            .filter_map(|(name, token)| Some((name.to_owned(), Value::String(token.clone()?))))
            .collect()
    }
}
