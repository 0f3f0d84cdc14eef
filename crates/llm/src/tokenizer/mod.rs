//! Text to token ids and back.
//!
//! Encoding is the `tokenizers` crate's for a `tokenizer.json`, and done here for a SentencePiece model. Decoding is done
//! here from a table of each token's bytes, because an answer is shown while it is made: text is the UTF-8 of the joined
//! bytes, so that pieces of a character wait for the rest.

mod from_gguf;
mod prefix_index;
mod read;
mod reduced_gemma;
mod sentence_piece;
mod special;
mod stream;
mod token_bytes;
mod vocabulary;
mod vocabulary_json;
mod words;

use std::path::Path;

use serde_json::Value;

pub use reduced_gemma::GEMMA_VOCABULARY;
pub use special::SpecialTokens;
pub use stream::TextStream;
pub use vocabulary::{TokenKind, Vocabulary, VocabularyModel};

use crate::{LlmError, files};
use prefix_index::PrefixIndex;
use sentence_piece::SentencePiece;
use token_bytes::TokenBytes;

/// The largest `tokenizer.json` that is read; the 256k-entry vocabularies take 17 to 35 MB.
const MAX_TOKENIZER_BYTES: u64 = 256 << 20;
/// The largest `tokenizer.model` that is read; the 256k-entry vocabularies take 4 to 5 MB.
const MAX_SENTENCE_PIECE_BYTES: u64 = 16 << 20;
/// The highest number of token ids that is believed; the largest vocabularies hold 262,144.
const MAX_VOCABULARY: usize = 1 << 22;

/// Turns text into token ids and back.
pub struct Tokenizer {
    encoder: Encoder,
    bytes: TokenBytes,
    special: Vec<bool>,
    /// The spellings of the control tokens.
    controls: PrefixIndex,
    /// Whether what stands before a control token's spelling is encoded as if the text ended there.
    controls_part_text: bool,
}

/// What turns text into ids.
enum Encoder {
    /// The steps that a `tokenizer.json` names.
    Pipeline(Box<tokenizers::Tokenizer>),
    /// A SentencePiece model.
    SentencePiece(Box<SentencePiece>),
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// The file cannot be read, is not a tokenizer, or decodes in a way other than bytes or SentencePiece.
    pub fn from_file(path: &Path) -> Result<Self, LlmError> {
        Self::from_bytes(&files::read(path, MAX_TOKENIZER_BYTES)?, &path.display().to_string())
    }

    /// Reads the contents of a `tokenizer.json`; `name` is what errors call it.
    pub fn from_bytes(json: &[u8], name: &str) -> Result<Self, LlmError> {
        let error = |reason: String| LlmError::Tokenizer { name: name.to_owned(), reason };
        let mut inner = read::tokenizer(json).map_err(error)?;
        // Files often ship with the truncation and padding of some training run.
        inner.with_truncation(None).map_err(|e| error(e.to_string()))?;
        inner.with_padding(None);
        let bytes = TokenBytes::new(&inner).map_err(error)?;
        let mut special = vec![false; bytes.len()];
        let (mut controls, mut controls_part_text) = (PrefixIndex::default(), true);
        for (id, token) in inner.get_added_tokens_decoder() {
            if let Some(entry) = special.get_mut(id as usize).filter(|_| token.special) {
                *entry = true;
                controls.insert(&token.content, id);
                controls_part_text &= !token.lstrip && !token.single_word;
            }
        }
        Ok(Self { encoder: Encoder::Pipeline(Box::new(inner)), bytes, special, controls, controls_part_text })
    }

    /// Reads a SentencePiece `tokenizer.model` and the `tokenizer_config.json` beside it, if there is one: that says which
    /// tokens go around a text (otherwise the begin-of-text token, where the model has one) and which were added to those
    /// of the model.
    ///
    /// # Errors
    /// A file cannot be read, is not such a model, or asks for what is not supported.
    pub fn from_sentence_piece_file(path: &Path) -> Result<Self, LlmError> {
        let config = files::read_json(&path.with_file_name("tokenizer_config.json"))?.unwrap_or_default();
        let bytes = files::read(path, MAX_SENTENCE_PIECE_BYTES)?;
        Self::from_sentence_piece_bytes(&bytes, &config, &path.display().to_string())
    }

    /// Reads the contents of a `tokenizer.model` and of its `tokenizer_config.json`, null where there is none; `name` is
    /// what errors call the model.
    pub fn from_sentence_piece_bytes(model: &[u8], config: &Value, name: &str) -> Result<Self, LlmError> {
        let model = SentencePiece::read(model, config);
        model.map(Self::from_model).map_err(|reason| LlmError::Tokenizer { name: name.to_owned(), reason })
    }

    fn from_model(model: SentencePiece) -> Self {
        let special: Vec<bool> = (0..).take(model.len()).map(|id| model.is_control(id)).collect();
        let bytes = TokenBytes::of_sentence_piece(&model);
        let spelled = (0..).zip(&special).filter(|(_, special)| **special);
        let controls = PrefixIndex::new(spelled.filter_map(|(id, _)| Some((model.token(id)?.into(), id))));
        Self { encoder: Encoder::SentencePiece(Box::new(model)), bytes, special, controls, controls_part_text: true }
    }

    /// One more than the highest token id.
    pub fn vocab_size(&self) -> usize {
        self.bytes.len()
    }

    /// Encodes `text`, in which the spelling of a special token stands for that token. `add_special` puts the tokens
    /// that the model expects around a text (usually a begin-of-text token) in their place; a rendered chat template
    /// holds its own, so it takes `false`.
    pub fn encode(&self, text: &str, add_special: bool) -> Result<Vec<u32>, LlmError> {
        let ids = match &self.encoder {
            Encoder::Pipeline(pipeline) => pipeline.encode_fast(text, add_special).map(|e| e.get_ids().to_vec()),
            Encoder::SentencePiece(model) => model.encode(text, add_special).map_err(Into::into),
        };
        ids.map_err(|e| LlmError::Tokenizer {
            name: "in use".to_owned(),
            reason: format!("cannot encode the text: {e}"),
        })
    }

    /// The text of `ids`, without special tokens. Bytes that are not UTF-8 become U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut text = String::new();
        let mut stream = self.stream_from_start();
        for &id in ids {
            stream.push(id, &mut text);
        }
        stream.finish(&mut text);
        text
    }

    /// Decodes token by token a text that begins with the first token: the space that SentencePiece puts in front of
    /// a text is taken off.
    pub fn stream_from_start(&self) -> TextStream<'_> {
        TextStream::new(self, self.bytes.leading_spaces())
    }

    /// Decodes token by token the continuation of another text.
    pub fn stream_continuation(&self) -> TextStream<'_> {
        TextStream::new(self, 0)
    }

    /// The id of a token by its exact spelling.
    pub fn id(&self, token: &str) -> Option<u32> {
        match &self.encoder {
            Encoder::Pipeline(pipeline) => pipeline.token_to_id(token),
            Encoder::SentencePiece(model) => model.id(token),
        }
    }

    /// The spelling of a token in the vocabulary.
    pub fn token(&self, id: u32) -> Option<String> {
        match &self.encoder {
            Encoder::Pipeline(pipeline) => pipeline.id_to_token(id),
            Encoder::SentencePiece(model) => model.token(id).map(str::to_owned),
        }
    }

    /// Whether `id` is a control token, which is never part of a text.
    pub fn is_special(&self, id: u32) -> bool {
        self.special.get(id as usize).copied().unwrap_or(false)
    }

    /// The special tokens that the vocabulary itself names, which only SentencePiece models do.
    pub(crate) fn own_special(&self) -> SpecialTokens {
        match &self.encoder {
            Encoder::Pipeline(_) => SpecialTokens::default(),
            Encoder::SentencePiece(model) => model.special().clone(),
        }
    }

    /// The tokens whose text holds `text`.
    pub fn tokens_with(&self, text: &str) -> Vec<u32> {
        let holds = |id: &u32| self.token_bytes(*id).windows(text.len().max(1)).any(|part| part == text.as_bytes());
        (0..self.vocab_size() as u32).filter(holds).collect()
    }

    /// The control token whose spelling `text` begins with, the longest if there are several, and the spelling's bytes.
    pub(crate) fn control_at(&self, text: &str) -> Option<(usize, u32)> {
        self.controls.longest(text)
    }

    /// How many of `tokens` spell the beginning of `text` up to the last control token that both have there, and its
    /// place in `text`: with what is encoded from there on, they are a spelling of the whole.
    pub(crate) fn spelled_by(&self, tokens: &[u32], text: &str) -> (usize, usize) {
        let (mut spelled, mut at) = ((0, 0), 0);
        for (index, &id) in tokens.iter().enumerate().filter(|_| self.controls_part_text) {
            let control = |at| text.get(at..).and_then(|text| self.control_at(text));
            if self.is_special(id) {
                let Some((length, _)) = control(at).filter(|(_, found)| *found == id) else { break };
                spelled = (index, at);
                at += length;
                continue;
            }
            let end = at + self.token_bytes(id).len();
            let same = at < end && text.as_bytes().get(at..end) == Some(self.token_bytes(id));
            if !same || (at..end).any(|at| control(at).is_some()) {
                break;
            }
            at = end;
        }
        spelled
    }

    /// Makes control tokens of `tokens`, as far as the vocabulary has them: some files keep turn markers among the
    /// ordinary tokens, where text never becomes them.
    pub(crate) fn add_special(&mut self, tokens: &[&str]) -> Result<(), LlmError> {
        for token in tokens {
            let Some(id) = self.id(token).filter(|&id| !self.is_special(id)) else { continue };
            match &mut self.encoder {
                Encoder::Pipeline(pipeline) => {
                    let added = tokenizers::AddedToken::from(*token, true);
                    pipeline.add_special_tokens([added]).map_err(|e| LlmError::Tokenizer {
                        name: "in use".to_owned(),
                        reason: format!("cannot make {token:?} a special token: {e}"),
                    })?;
                }
                Encoder::SentencePiece(model) => model.cut_at(id),
            }
            self.controls.insert(token, id);
            if let Some(entry) = self.special.get_mut(id as usize) {
                *entry = true;
            }
        }
        Ok(())
    }

    /// Spaces that encoding puts before a text, and decoding takes off.
    pub(crate) fn leading_spaces(&self) -> usize {
        self.bytes.leading_spaces()
    }

    /// The bytes that `id` adds to a text; none for ids outside the vocabulary.
    pub fn token_bytes(&self, id: u32) -> &[u8] {
        self.bytes.get(id)
    }
}
