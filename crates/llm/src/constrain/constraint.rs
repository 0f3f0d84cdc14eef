//! Keeping one answer within a grammar.

use llguidance::Matcher;
use llguidance::toktrie::SimpleVob;

use crate::LlmError;

/// A grammar and how far an answer has come in it; a clone goes on from there on its own.
#[derive(Clone)]
pub struct Constraint {
    matcher: Matcher,
    /// The tokens that are allowed next, once that is known.
    allowed: Option<SimpleVob>,
}

impl std::fmt::Debug for Constraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Constraint").finish_non_exhaustive()
    }
}

impl Constraint {
    pub(super) fn new(matcher: Matcher) -> Self {
        Self { matcher, allowed: None }
    }

    /// What the grammar says that will not be kept, such as keywords of a schema that are only hints.
    pub fn warnings(&mut self) -> Vec<String> {
        self.matcher.grammar_warnings()
    }

    /// Finds out which tokens the grammar allows next, for [`mask`](Self::mask) to apply. It depends on no logits, so it can
    /// be done while they are computed.
    ///
    /// # Errors
    /// The answer is complete, or the grammar became too complex here.
    pub fn prepare(&mut self) -> Result<(), LlmError> {
        self.allowed().map(drop)
    }

    fn allowed(&mut self) -> Result<&SimpleVob, LlmError> {
        let allowed = match self.allowed.take() {
            Some(allowed) => allowed,
            None => self.matcher.compute_mask().map_err(broken)?,
        };
        Ok(self.allowed.insert(allowed))
    }

    /// Makes all tokens impossible (−∞) that the grammar does not allow next.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub fn mask(&mut self, scores: &mut [f32]) -> Result<(), LlmError> {
        let allowed = self.allowed()?;
        let (known, unknown) = scores.split_at_mut(allowed.len().min(scores.len()));
        unknown.fill(f32::NEG_INFINITY);
        for (scores, &bits) in known.chunks_mut(u32::BITS as usize).zip(allowed.as_slice()) {
            if bits == 0 {
                scores.fill(f32::NEG_INFINITY);
            } else if bits != u32::MAX {
                for (bit, score) in scores.iter_mut().enumerate() {
                    if bits & 1 << bit == 0 {
                        *score = f32::NEG_INFINITY;
                    }
                }
            }
        }
        Ok(())
    }

    /// The next token, if the grammar leaves no choice of text; nothing moves on.
    pub fn forced(&mut self) -> Option<u32> {
        if self.is_complete() { None } else { self.matcher.compute_ff_tokens().first().copied() }
    }

    /// Moves on by a token.
    ///
    /// # Errors
    /// The grammar does not allow the token.
    pub fn accept(&mut self, id: u32) -> Result<(), LlmError> {
        self.allowed = None;
        self.matcher.consume_token(id).map_err(broken)
    }

    /// Whether nothing more may come: the answer ended, or no token can go on.
    pub fn is_complete(&self) -> bool {
        self.matcher.is_stopped()
    }

    /// Whether the grammar accepts the answer as it stands.
    pub fn is_satisfied(&mut self) -> bool {
        self.matcher.is_accepting().unwrap_or(false)
    }
}

fn broken(reason: impl ToString) -> LlmError {
    LlmError::Constraint(reason.to_string())
}
