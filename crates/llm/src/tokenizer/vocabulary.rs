//! A vocabulary as GGUF files hold it.

use std::path::Path;

use super::{SpecialTokens, Tokenizer, vocabulary_json, words::Words};
use crate::{LlmError, files};

/// What errors call a tokenizer that was made here.
const MADE_FROM_GGUF: &str = "made from the GGUF vocabulary";

/// How a vocabulary segments text (`tokenizer.ggml.model`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VocabularyModel {
    /// `gpt2`: byte-level pair encoding with a list of merges.
    Gpt2,
    /// `llama`: SentencePiece pair encoding, in which a piece's score says how early it is merged.
    Llama,
}

/// What a token is for (`tokenizer.ggml.token_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A piece of text.
    Normal,
    /// Stands for what cannot be spelled.
    Unknown,
    /// Never part of a text, such as the end of a turn.
    Control,
    /// Matched as a whole before the text is segmented.
    UserDefined,
    /// Reserved; never produced.
    Unused,
    /// One byte.
    Byte,
}

impl TokenKind {
    /// The kind of a `tokenizer.ggml.token_type` value, 1 to 6.
    pub fn from_ggml(value: i64) -> Option<Self> {
        Some(match value {
            1 => Self::Normal,
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => return None,
        })
    }
}

/// The `tokenizer.*` metadata of a GGUF file.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    /// How text is segmented.
    pub model: VocabularyModel,
    /// Name of the rule that splits text into words first (`tokenizer.ggml.pre`); byte-level vocabularies only.
    pub pre: Option<String>,
    /// Spelling of every token, by id.
    pub tokens: Vec<String>,
    /// Score of every token; SentencePiece vocabularies only.
    pub scores: Vec<f32>,
    /// Kind of every token; empty when the file does not say, which makes all of them normal.
    pub kinds: Vec<TokenKind>,
    /// Merges, `left right`, the earliest first; byte-level vocabularies only.
    pub merges: Vec<String>,
    /// Begins a text.
    pub bos: Option<u32>,
    /// Ends a text.
    pub eos: Option<u32>,
    /// Ends a turn, where the file tells it apart from the end of a text.
    pub eot: Option<u32>,
    /// Stands for what cannot be spelled.
    pub unk: Option<u32>,
    /// Fills a batch.
    pub pad: Option<u32>,
    /// Whether a text begins with `bos`; the model's default where the file does not say.
    pub add_bos: Option<bool>,
    /// Whether a text ends with `eos`.
    pub add_eos: Option<bool>,
    /// Whether SentencePiece puts a space before a text; it does where the file does not say.
    pub add_space_prefix: Option<bool>,
    /// The chat template, in Jinja.
    pub chat_template: Option<String>,
}

impl Vocabulary {
    /// The tokenizer of this vocabulary.
    ///
    /// # Errors
    /// Lists of different lengths, ids outside the vocabulary, merges of unknown pieces, or a splitting rule that is
    /// not supported.
    pub fn tokenizer(&self) -> Result<Tokenizer, LlmError> {
        Tokenizer::from_bytes(&self.tokenizer_json()?, MADE_FROM_GGUF)
    }

    /// Writes `tokenizer.json`, `tokenizer_config.json` and `generation_config.json` into a model folder.
    pub fn write(&self, folder: &Path) -> Result<(), LlmError> {
        let json = self.tokenizer_json()?;
        // Nothing is written that could not be read.
        Tokenizer::from_bytes(&json, MADE_FROM_GGUF)?;
        let special = self.special_tokens()?;
        let config = vocabulary_json::tokenizer_config(self, &special);
        let generation = vocabulary_json::generation_config(self, &special);
        files::write_atomically(&folder.join("tokenizer.json"), &json)?;
        files::write_atomically(&folder.join("tokenizer_config.json"), &config)?;
        files::write_atomically(&folder.join("generation_config.json"), &generation)
    }

    /// The special tokens.
    ///
    /// # Errors
    /// An id is outside the vocabulary.
    pub(crate) fn special_tokens(&self) -> Result<SpecialTokens, LlmError> {
        let mut special = SpecialTokens {
            bos: self.spelling(self.bos)?,
            eos: self.spelling(self.eos)?,
            unk: self.spelling(self.unk)?,
            pad: self.spelling(self.pad)?,
            stop: Vec::new(),
        };
        for id in [self.eos, self.eot].into_iter().flatten() {
            self.spelling(Some(id))?;
            special.add_stop(id);
        }
        Ok(special)
    }

    /// Whether a text begins with `bos`.
    pub(super) fn begins_with_bos(&self) -> bool {
        self.add_bos.unwrap_or_else(|| match self.model {
            VocabularyModel::Llama => true,
            VocabularyModel::Gpt2 => Words::named(self.pre.as_deref()).is_ok_and(|words| words.begins_with_bos),
        })
    }

    /// The kind of a token.
    pub(super) fn kind(&self, id: usize) -> TokenKind {
        self.kinds.get(id).copied().unwrap_or(TokenKind::Normal)
    }

    /// The spelling of a special token, which must be in the vocabulary.
    pub(super) fn spelling(&self, id: Option<u32>) -> Result<Option<String>, LlmError> {
        let Some(id) = id else { return Ok(None) };
        let token = self.tokens.get(id as usize).ok_or_else(|| {
            LlmError::Vocabulary(format!("special token {id} is outside the vocabulary of {}", self.tokens.len()))
        })?;
        Ok(Some(token.clone()))
    }

    fn tokenizer_json(&self) -> Result<Vec<u8>, LlmError> {
        let json = vocabulary_json::tokenizer(self).map_err(LlmError::Vocabulary)?;
        serde_json::to_vec(&json).map_err(|e| LlmError::Vocabulary(e.to_string()))
    }
}
