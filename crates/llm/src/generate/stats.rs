//! How long an answer took.

use std::time::Duration;

/// Counts and times of one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the prompt that the state already held.
    pub reused_tokens: usize,
    /// Tokens chosen, the one that ends the answer included.
    pub generated_tokens: usize,
    /// Tokens that were guessed and computed ahead.
    pub guessed_tokens: usize,
    /// Those of them that were chosen.
    pub accepted_tokens: usize,
    /// Time spent on the rest of the prompt.
    pub prefill: Duration,
    /// From the call to the choice of the first token.
    pub first_token: Duration,
    /// From the choice of the first token to the choice of the last.
    pub decode: Duration,
}

impl Stats {
    /// Computed prompt tokens a second.
    pub fn prefill_tokens_per_second(&self) -> Option<f64> {
        rate(self.prompt_tokens - self.reused_tokens, self.prefill)
    }

    /// Tokens a second after the first one, which belongs to the prefill.
    pub fn decode_tokens_per_second(&self) -> Option<f64> {
        rate(self.generated_tokens.saturating_sub(1), self.decode)
    }
}

fn rate(tokens: usize, time: Duration) -> Option<f64> {
    (tokens > 0 && !time.is_zero()).then(|| tokens as f64 / time.as_secs_f64())
}
