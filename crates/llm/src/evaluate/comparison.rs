//! Models that predict the same text side by side.

use std::ops::AddAssign;

use super::Perplexity;
use super::perplexity::{check, start_window};
use crate::sampling::{log_sum_exp, most_likely_id};
use crate::{LanguageModel, LlmError, PREFILL_CHUNK};

/// A way to compute predictions: a model, and how many rows it is fed a call.
pub struct Path<M> {
    /// The model.
    pub model: M,
    /// Rows of a call; no more than the model accepts are taken.
    pub rows: usize,
}

/// How predictions differ from those of a reference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Divergence {
    /// Predictions compared.
    pub tokens: usize,
    /// Those whose first choice is the reference's.
    pub same_top1: usize,
    /// Sum of the Kullback-Leibler divergences from the reference's distributions, in nats.
    pub kl: f64,
    /// Sum of what −ln p of the token that came is above the reference's.
    pub loss: f64,
    /// Sum of the squares of that.
    pub squared_loss: f64,
}

impl Divergence {
    /// Share of predictions whose first choice is the reference's.
    pub fn top1_agreement(&self) -> f64 {
        self.same_top1 as f64 / self.tokens as f64
    }

    /// Mean Kullback-Leibler divergence, in nats.
    pub fn mean_kl(&self) -> f64 {
        self.kl / self.tokens as f64
    }

    /// Mean loss above the reference's, in nats.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.tokens as f64
    }

    /// Standard error of that, were tokens independent of each other: how far from it another text of this kind and length
    /// may be. 0 for a single token.
    pub fn loss_standard_error(&self) -> f64 {
        let tokens = self.tokens as f64;
        let variance = (self.squared_loss - self.loss * self.loss / tokens) / (tokens - 1.0);
        // Equal losses have a variance of 0, but for rounding.
        (variance.max(0.0) / tokens).sqrt()
    }

    fn add(&mut self, reference: &Row<'_>, found: &Row<'_>, target: u32) {
        self.tokens += 1;
        self.same_top1 += usize::from(reference.top1 == found.top1);
        let loss = reference.log_probability(target) - found.log_probability(target);
        self.loss += loss;
        self.squared_loss += loss * loss;
        let shift = found.log_sum - reference.log_sum;
        let terms = reference.logits.iter().zip(found.logits).map(|(&reference_logit, &logit)| {
            let log_ratio = f64::from(reference_logit) - f64::from(logit) + shift;
            (f64::from(reference_logit) - reference.log_sum).exp() * log_ratio
        });
        // A probability of 0 counts as such, whatever it is compared with.
        self.kl += terms.filter(|term| !term.is_nan()).sum::<f64>();
    }
}

/// What [`compare`] finds out about a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How well it predicts the text.
    pub perplexity: Perplexity,
    /// The difference from each reference before it.
    pub divergences: Vec<Divergence>,
}

impl AddAssign<&Self> for Comparison {
    /// Takes in what the same paths are like on another text.
    fn add_assign(&mut self, other: &Self) {
        let Perplexity { tokens, top1, negative_log_likelihood } = other.perplexity;
        self.perplexity.tokens += tokens;
        self.perplexity.top1 += top1;
        self.perplexity.negative_log_likelihood += negative_log_likelihood;
        for (sum, &other) in self.divergences.iter_mut().zip(&other.divergences) {
            let Divergence { tokens, same_top1, kl, loss, squared_loss } = other;
            sum.tokens += tokens;
            sum.same_top1 += same_top1;
            sum.kl += kl;
            sum.loss += loss;
            sum.squared_loss += squared_loss;
        }
    }
}

/// The logits after a token, with what is needed of them again and again.
struct Row<'a> {
    logits: &'a [f32],
    /// ln of the sum of e to the logits.
    log_sum: f64,
    top1: u32,
}

impl Row<'_> {
    fn log_probability(&self, id: u32) -> f64 {
        f64::from(self.logits[id as usize]) - self.log_sum
    }
}

/// Rows of a reference that others are compared with.
struct Block {
    vocab: usize,
    logits: Vec<f32>,
    marks: Vec<(f64, u32)>,
}

impl Block {
    fn row(&self, index: usize) -> Row<'_> {
        let (log_sum, top1) = self.marks[index];
        Row { logits: &self.logits[index * self.vocab..][..self.vocab], log_sum, top1 }
    }
}

/// Predicts `ids` by every path, in windows of `window` tokens that do not overlap, each but the first of a window from
/// those before it. The first `references` paths are what every path after them is compared with. `begin` is put in front
/// of every window. `progress` gets the number of tokens that all paths have predicted.
///
/// The logits of a block of rows are held for each reference, and no more: 512 rows of the vocabulary in f32.
///
/// # Errors
/// Fewer than two tokens, a window that does not fit a model's context, models with different vocabularies, or one that
/// fails.
pub fn compare<M: LanguageModel>(
    paths: &mut [Path<M>],
    references: usize,
    ids: &[u32],
    begin: Option<u32>,
    window: usize,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Comparison>, LlmError> {
    let vocab = paths.first().map_or(0, |path| path.model.vocab_size());
    for path in paths.iter() {
        check(&path.model, ids, begin, window)?;
        if path.model.vocab_size() != vocab {
            return Err(LlmError::Option {
                option: "model to compare with",
                found: format!("a vocabulary of {}", path.model.vocab_size()),
                expected: "the same vocabulary, as models are compared token by token",
            });
        }
    }
    let result = |index: usize| Comparison {
        divergences: vec![Divergence::default(); index.min(references)],
        ..Comparison::default()
    };
    let mut results: Vec<Comparison> = (0..paths.len()).map(result).collect();
    for window in ids.chunks(window) {
        for path in paths.iter_mut() {
            start_window(&mut path.model, begin)?;
        }
        // The row of a token predicts the next one, so the last token needs no row.
        let rows = window[..window.len() - 1].chunks(PREFILL_CHUNK);
        for (rows, targets) in rows.zip(window[1..].chunks(PREFILL_CHUNK)) {
            let mut blocks = Vec::new();
            for (index, (path, result)) in paths.iter_mut().zip(&mut results).enumerate() {
                let mut held = Block { vocab, logits: Vec::new(), marks: Vec::new() };
                path.predict(rows, |row, logits| {
                    let found = Row { logits, log_sum: log_sum_exp(logits), top1: most_likely_id(logits)? };
                    let target = targets[row];
                    result.perplexity.add(found.log_probability(target), found.top1 == target);
                    for (block, divergence) in blocks.iter().zip(&mut result.divergences) {
                        divergence.add(&Block::row(block, row), &found, target);
                    }
                    if index < references {
                        held.logits.extend_from_slice(logits);
                        held.marks.push((found.log_sum, found.top1));
                    }
                    Ok(())
                })?;
                blocks.push(held);
            }
            progress(results[0].perplexity.tokens);
        }
    }
    Ok(results)
}

impl<M: LanguageModel> Path<M> {
    /// Appends `ids`, and shows the logits after each to `visit` with its index.
    fn predict(
        &mut self,
        ids: &[u32],
        mut visit: impl FnMut(usize, &[f32]) -> Result<(), LlmError>,
    ) -> Result<(), LlmError> {
        let mut index = 0;
        let mut outcome = Ok(());
        for rows in ids.chunks(self.rows.clamp(1, self.model.max_rows())) {
            self.model.forward_all(rows, &mut |logits| {
                if outcome.is_ok() {
                    outcome = visit(index, logits);
                }
                index += 1;
            })?;
        }
        outcome
    }
}
