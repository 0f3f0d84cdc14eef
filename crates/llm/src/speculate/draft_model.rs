//! A smaller model that guesses what a larger one will say.

use std::time::Instant;

use super::costs::Costs;
use crate::sampling::most_likely_id;
use crate::tokenizer::Tokenizer;
use crate::{LanguageModel, LlmError};

/// A model of the same tokenizer, with a sequence of its own that is kept in step with the text ("Fast Inference from
/// Transformers via Speculative Decoding", Leviathan, Kalman and Matias, 2023; guesses are its likeliest tokens, and
/// taken only where they are what the larger model chooses, whatever way it chooses).
pub struct DraftModel {
    model: Box<dyn LanguageModel + Send>,
    /// The tokens in its state.
    held: Vec<u32>,
}

impl DraftModel {
    /// `model`, whose state is emptied, for models whose tokens `tokenizer` has, with `own` being the one it was made
    /// with.
    ///
    /// # Errors
    /// [`LlmError::DraftVocabulary`] when a token is spelled in another way.
    pub fn new(
        mut model: Box<dyn LanguageModel + Send>,
        own: &Tokenizer,
        tokenizer: &Tokenizer,
    ) -> Result<Self, LlmError> {
        let spelling =
            |tokenizer: &Tokenizer, id| tokenizer.token(id).map_or("nothing".to_owned(), |t| format!("{t:?}"));
        for id in (0..).take(own.vocab_size().max(tokenizer.vocab_size())) {
            let (draft, expected) = (spelling(own, id), spelling(tokenizer, id));
            if draft != expected {
                return Err(LlmError::DraftVocabulary { id, draft, expected });
            }
        }
        model.rewind(0);
        let held = Vec::with_capacity(model.context());
        Ok(Self { model, held })
    }

    /// Puts guesses for the `count` tokens behind `text` into `out`, ids below `vocab`; none where its context is full.
    ///
    /// # Errors
    /// The model failed.
    pub fn guess(
        &mut self,
        text: &[u32],
        count: usize,
        vocab: usize,
        costs: &mut Costs,
        out: &mut Vec<u32>,
    ) -> Result<(), LlmError> {
        out.clear();
        if count == 0 || text.is_empty() || text.len() + count > self.model.context() + 1 {
            return Ok(());
        }
        let same = self.held.iter().zip(text).take_while(|(held, token)| held == token).count();
        let same = same.min(text.len() - 1);
        self.model.rewind(same);
        self.held.truncate(same);
        let rows = self.model.max_rows().max(1);
        let new = &text[same..];
        let (before, last) = new.split_at((new.len() - 1) / rows * rows);
        for before in before.chunks(rows) {
            self.forward(before)?;
        }
        let mut likeliest = |ids: &[u32]| {
            let logits = self.forward(ids)?;
            most_likely_id(&logits[..vocab.min(logits.len())])
        };
        out.push(likeliest(last)?);
        while out.len() < count {
            let started = Instant::now();
            let guess = likeliest(&out[out.len() - 1..])?;
            out.push(guess);
            costs.note_draft(started.elapsed());
        }
        Ok(())
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        let logits = self.model.forward(ids)?;
        self.held.extend_from_slice(ids);
        Ok(logits)
    }
}
