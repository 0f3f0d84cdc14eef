//! Perplexity and teacher-forced top-1 accuracy over sliding windows.

use crate::sampling::{log_probability, most_likely_id};
use crate::{LanguageModel, LlmError};

/// Rows whose logits are looked at together; it bounds the memory that a large vocabulary takes.
const ROWS: usize = 128;

/// How a long text is cut to fit a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Tokens in a window.
    pub length: usize,
    /// Tokens from the beginning of one window to that of the next; the others are context only. Each token but the
    /// text's first is predicted once.
    pub stride: usize,
}

/// Sums over the predicted tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Perplexity {
    /// Tokens predicted.
    pub tokens: usize,
    /// Those that were the model's first choice.
    pub top1: usize,
    /// Sum of −ln p over the tokens.
    pub negative_log_likelihood: f64,
}

impl Perplexity {
    /// Takes in a prediction: ln p of the token that came, and whether it was the first choice.
    pub(super) fn add(&mut self, log_probability: f64, first_choice: bool) {
        self.tokens += 1;
        self.top1 += usize::from(first_choice);
        self.negative_log_likelihood -= log_probability;
    }

    /// exp of the mean negative log likelihood.
    pub fn perplexity(&self) -> f64 {
        (self.negative_log_likelihood / self.tokens as f64).exp()
    }

    /// Bits that a text of `bytes` takes for each of them, coded by the predictions: unlike perplexity it compares models with
    /// different tokenizers. The bytes are those of the predicted tokens.
    pub fn bits_per_byte(&self, bytes: usize) -> f64 {
        self.negative_log_likelihood / std::f64::consts::LN_2 / bytes as f64
    }

    /// Share of tokens that were the model's first choice.
    pub fn top1_share(&self) -> f64 {
        self.top1 as f64 / self.tokens as f64
    }
}

/// Predicts every token of `ids` from those before it in its window. `begin` is put in front of every window, as models
/// with a begin-of-text token expect. `progress` gets the number of tokens predicted so far after each window.
///
/// # Errors
/// Fewer than two tokens, a window that does not fit the model's context, or a failing model.
pub fn perplexity<M: LanguageModel>(
    model: &mut M,
    ids: &[u32],
    begin: Option<u32>,
    windows: Windows,
    mut progress: impl FnMut(usize),
) -> Result<Perplexity, LlmError> {
    let Windows { length, stride } = windows;
    check(model, ids, begin, length)?;
    if !(1..length).contains(&stride) {
        return Err(LlmError::Option {
            option: "stride",
            found: stride.to_string(),
            expected: "1 or more, and less than the window",
        });
    }

    let mut sums = Perplexity::default();
    // The first token that has not been predicted.
    let mut next = 1;
    let mut start = 0;
    while next < ids.len() {
        let end = (start + length).min(ids.len());
        start_window(model, begin)?;
        score(model, &ids[start..end], next - start, &mut sums)?;
        progress(sums.tokens);
        next = end;
        start += stride;
    }
    model.rewind(0);
    Ok(sums)
}

/// Checks that windows of `length` behind `begin` fit the model, and that the ids are tokens of it.
pub(super) fn check<M: LanguageModel>(
    model: &M,
    ids: &[u32],
    begin: Option<u32>,
    length: usize,
) -> Result<(), LlmError> {
    let longest = model.context().saturating_sub(usize::from(begin.is_some()));
    if !(2..=longest).contains(&length) {
        return Err(LlmError::Option {
            option: "window",
            found: length.to_string(),
            expected: "2 or more, and no more than the model's context",
        });
    }
    if ids.len() < 2 {
        return Err(LlmError::EmptyPrompt);
    }
    let vocab = model.vocab_size();
    match ids.iter().chain(&begin).find(|&&id| id as usize >= vocab) {
        Some(&id) => Err(LlmError::IdOutOfRange { id, vocab }),
        None => Ok(()),
    }
}

/// Empties the state but for `begin`.
pub(super) fn start_window<M: LanguageModel>(model: &mut M, begin: Option<u32>) -> Result<(), LlmError> {
    model.rewind(0);
    begin.map_or(Ok(()), |begin| model.forward(&[begin]).map(drop))
}

/// Adds the predictions of `window[first..]`; the state holds what comes before the window.
fn score<M: LanguageModel>(model: &mut M, window: &[u32], first: usize, sums: &mut Perplexity) -> Result<(), LlmError> {
    // The row of a token predicts the next one, so the last token needs no row.
    let (context, predicting) = window[..window.len() - 1].split_at(first - 1);
    for rows in context.chunks(model.max_rows()) {
        model.forward(rows)?;
    }
    let mut targets = window[first..].iter();
    for rows in predicting.chunks(model.max_rows().min(ROWS)) {
        let mut outcome = Ok(());
        model.forward_all(rows, &mut |logits| {
            if let (Ok(()), Some(&target)) = (&outcome, targets.next()) {
                outcome = most_likely_id(logits).map(|best| sums.add(log_probability(logits, target), best == target));
            }
        })?;
        outcome?;
    }
    Ok(())
}
