//! The vocabulary in a GGUF file's metadata.

use sottovoce_convert::gguf::Metadata;

use super::{TokenKind, Vocabulary, VocabularyModel};
use crate::LlmError;

impl Vocabulary {
    /// Reads the `tokenizer.*` metadata of a GGUF file.
    ///
    /// # Errors
    /// There is no vocabulary, it is of a kind that is not supported, or an entry has the wrong type.
    pub fn from_gguf(metadata: &Metadata) -> Result<Self, LlmError> {
        let error = |reason: String| LlmError::Vocabulary(reason);
        let model = match metadata.get_str("tokenizer.ggml.model") {
            Some("gpt2") => VocabularyModel::Gpt2,
            Some("llama") => VocabularyModel::Llama,
            other => {
                let found = other.unwrap_or("missing");
                return Err(error(format!("tokenizer.ggml.model is {found}, expected gpt2 or llama")));
            }
        };
        let tokens = metadata.get_strings("tokenizer.ggml.tokens");
        let tokens = tokens.ok_or_else(|| error("tokenizer.ggml.tokens is not a list of strings".to_owned()))?;
        let kinds = metadata.get_integers("tokenizer.ggml.token_type").unwrap_or_default().iter().map(|&value| {
            TokenKind::from_ggml(value)
                .ok_or_else(|| error(format!("tokenizer.ggml.token_type holds {value}, expected 1 to 6")))
        });
        let id = |name: &str| metadata.get_u32(&format!("tokenizer.ggml.{name}_token_id"));
        let flag = |name: &str| metadata.get_bool(&format!("tokenizer.ggml.{name}"));
        Ok(Self {
            model,
            pre: metadata.get_str("tokenizer.ggml.pre").map(str::to_owned),
            tokens: tokens.to_vec(),
            scores: metadata.get_floats("tokenizer.ggml.scores").unwrap_or_default().to_vec(),
            kinds: kinds.collect::<Result<_, _>>()?,
            merges: metadata.get_strings("tokenizer.ggml.merges").unwrap_or_default().to_vec(),
            bos: id("bos"),
            eos: id("eos"),
            eot: id("eot"),
            unk: id("unknown"),
            pad: id("padding"),
            add_bos: flag("add_bos_token"),
            add_eos: flag("add_eos_token"),
            add_space_prefix: flag("add_space_prefix"),
            chat_template: metadata.get_str("tokenizer.chat_template").map(str::to_owned),
        })
    }
}
