//! The tokens so far, and the penalties on having occurred.

use std::collections::HashMap;

use super::options::Penalties;

/// The tokens of prompt and answer, and how often each is among the last of them.
pub(super) struct History {
    tokens: Vec<u32>,
    counts: HashMap<u32, u32>,
    penalties: Penalties,
}

impl History {
    /// An empty history with room for `context` tokens.
    pub fn new(penalties: Penalties, context: usize) -> Self {
        // One more is counted for a moment while the window moves.
        let counted =
            if penalties == Penalties::NONE { 0 } else { penalties.window.unwrap_or(context).min(context) + 1 };
        Self { tokens: Vec::with_capacity(context), counts: HashMap::with_capacity(counted), penalties }
    }

    /// All tokens, the oldest first.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Takes in the next token.
    pub fn push(&mut self, id: u32) {
        self.tokens.push(id);
        if self.penalties == Penalties::NONE {
            return;
        }
        *self.counts.entry(id).or_default() += 1;
        let leaving = self.penalties.window.and_then(|window| self.tokens.iter().rev().nth(window));
        if let Some(id) = leaving
            && let Some(count) = self.counts.get_mut(id)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(id);
            }
        }
    }

    /// Whether [`penalise`](Self::penalise) changes anything now.
    pub fn penalises(&self) -> bool {
        !self.counts.is_empty()
    }

    /// Takes the penalties from the scores of the tokens that occurred.
    pub fn penalise(&self, scores: &mut [f32]) {
        let Penalties { repetition, presence, frequency, .. } = self.penalties;
        for (&id, &count) in &self.counts {
            // The prompt may hold ids that the model has no logit for, when the tokenizer is another's.
            if let Some(score) = scores.get_mut(id as usize) {
                *score = if *score > 0.0 { *score / repetition } else { *score * repetition };
                *score -= presence + frequency * count as f32;
            }
        }
    }
}
