//! A tokenizer as `llguidance` sees one.

use std::sync::Arc;

use llguidance::toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use crate::LlmError;
use crate::tokenizer::Tokenizer;

/// The bytes of all tokens in a trie, and the tokenizer for text that a grammar forces.
pub(super) struct Vocabulary {
    tokenizer: Arc<Tokenizer>,
    trie: TokTrie,
}

impl Vocabulary {
    /// The vocabulary of `tokenizer`; the tokens of `stop` end an answer.
    pub fn new(tokenizer: Arc<Tokenizer>, stop: &[u32]) -> Result<Self, LlmError> {
        let size = tokenizer.vocab_size() as u32;
        if let Some(&id) = stop.iter().find(|&&id| id >= size) {
            return Err(LlmError::IdOutOfRange { id, vocab: size as usize });
        }
        let &first = stop.first().ok_or_else(|| LlmError::Tokenizer {
            name: "in use".to_owned(),
            reason: "it names no token that ends an answer, which structured output needs".to_owned(),
        })?;
        // A byte that is never part of UTF-8 tells control tokens from text.
        let special =
            |id| [&[TokTrie::SPECIAL_TOKEN_MARKER], tokenizer.token(id).unwrap_or_default().as_bytes()].concat();
        let bytes = |id| if tokenizer.is_special(id) { special(id) } else { tokenizer.token_bytes(id).to_vec() };
        let words: Vec<Vec<u8>> = (0..size).map(bytes).collect();
        let trie = TokTrie::from(&TokRxInfo::new(size, first), &words).with_eos_tokens(stop);
        Ok(Self { tokenizer, trie })
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| match self.tokenizer.encode(text, false) {
            // Text that spells a control token is still text.
            Ok(ids) if !ids.iter().any(|&id| self.tokenizer.is_special(id)) => ids,
            _ => self.trie.greedy_tokenize(text.as_bytes()),
        })
    }

    /// Whether a text has the same tokens in the middle of another: not where the tokenizer puts a space in front.
    fn tokenize_is_canonical(&self) -> bool {
        self.tokenizer.leading_spaces() == 0
    }
}
