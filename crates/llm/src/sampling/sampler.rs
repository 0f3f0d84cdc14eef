//! Temperature, top-k and top-p sampling.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::candidates::{Candidate, top_k};
use crate::LlmError;

/// How to choose a token. The filters apply in the order temperature, top-k, top-p, as in `transformers`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Divides the logits: below 1 favours the likely, above 1 the unlikely; 0 always takes the most likely token.
    pub temperature: f32,
    /// Chooses among this many most likely tokens; `None` among all.
    pub top_k: Option<usize>,
    /// Chooses among the fewest most likely tokens whose probabilities add up to this; `None` among all.
    pub top_p: Option<f32>,
    /// The same seed gives the same choices for the same logits.
    pub seed: u64,
}

impl Sampling {
    /// The most likely token, always.
    pub const GREEDY: Self = Self { temperature: 0.0, top_k: None, top_p: None, seed: 0 };
}

/// Chooses tokens, one after the other.
///
/// Randomness is ChaCha8 seeded by `seed_from_u64`, one 53-bit number a choice, the same on every platform.
pub struct Sampler {
    sampling: Sampling,
    random: ChaCha8Rng,
    candidates: Vec<Candidate>,
}

impl Sampler {
    /// A sampler at the beginning of its random sequence.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn new(sampling: Sampling) -> Result<Self, LlmError> {
        let Sampling { temperature, top_k, top_p, seed } = sampling;
        let option = |option, found: String, expected| Err(LlmError::Option { option, found, expected });
        if !(temperature.is_finite() && temperature >= 0.0) {
            return option("temperature", temperature.to_string(), "a number of 0 or more");
        }
        if top_k == Some(0) {
            return option("top-k", "0".to_owned(), "1 or more");
        }
        if let Some(p) = top_p.filter(|p| !(*p > 0.0 && *p <= 1.0)) {
            return option("top-p", p.to_string(), "a number above 0 and at most 1");
        }
        Ok(Self { sampling, random: ChaCha8Rng::seed_from_u64(seed), candidates: Vec::new() })
    }

    /// Chooses from `logits` (`[vocab]`, −∞ where a token is impossible).
    ///
    /// # Errors
    /// A logit that is NaN or +∞, or none that is possible.
    pub fn choose(&mut self, logits: &[f32]) -> Result<u32, LlmError> {
        let best = most_likely(logits)?;
        let Sampling { temperature, top_k: k, top_p, .. } = self.sampling;
        if temperature == 0.0 || k == Some(1) {
            return Ok(best.id);
        }
        // A tiny temperature can overflow the quotient, but only towards −∞: the best logit is subtracted first.
        let weight = |logit: f32| f64::from((logit - best.logit) / temperature).exp();
        let uniform = (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        if let Some(k) = k.filter(|&k| k < logits.len()) {
            top_k(logits, k, &mut self.candidates);
        } else if top_p.is_some() {
            let total = logits.iter().map(|&logit| weight(logit)).sum();
            return Ok(self.nucleus_of_all(logits, weight, total, uniform));
        } else {
            let total: f64 = logits.iter().map(|&logit| weight(logit)).sum();
            let all = (0..).zip(logits).map(|(id, &logit)| (id, weight(logit)));
            return Ok(pick(all, uniform * total).unwrap_or(best.id));
        }
        if let Some(p) = top_p {
            let total: f64 = self.candidates.iter().map(|c| weight(c.logit)).sum();
            let len = nucleus_len(&self.candidates, weight, p, total).unwrap_or(self.candidates.len());
            self.candidates.truncate(len);
        }
        Ok(pick_candidate(&self.candidates, weight, uniform).unwrap_or(best.id))
    }

    /// Top-p over the whole vocabulary: looks at more and more of the most likely tokens until their mass suffices.
    fn nucleus_of_all(&mut self, logits: &[f32], weight: impl Fn(f32) -> f64, total: f64, uniform: f64) -> u32 {
        let p = self.sampling.top_p.unwrap_or(1.0);
        let mut k = 64;
        loop {
            top_k(logits, k, &mut self.candidates);
            if let Some(len) = nucleus_len(&self.candidates, &weight, p, total) {
                self.candidates.truncate(len);
                break;
            }
            if k >= logits.len() {
                break;
            }
            k *= 8;
        }
        // The list is never empty: `most_likely` found a token.
        pick_candidate(&self.candidates, weight, uniform).unwrap_or_else(|| self.candidates[0].id)
    }
}

/// The natural logarithm of the probability of `id` under `logits`, at temperature 1 and unfiltered.
pub(crate) fn log_probability(logits: &[f32], id: u32) -> f64 {
    f64::from(logits[id as usize]) - log_sum_exp(logits)
}

/// The natural logarithm of the sum of e to the logits.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f64 {
    let max = f64::from(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max));
    let sum: f64 = logits.iter().map(|&logit| (f64::from(logit) - max).exp()).sum();
    max + sum.ln()
}

/// The token with the highest logit, and how far the next one is below it.
pub(crate) fn likeliest_with_margin(logits: &[f32]) -> Result<(u32, f32), LlmError> {
    let best = most_likely(logits)?;
    let mut two = Vec::new();
    top_k(logits, 2, &mut two);
    Ok((best.id, two.get(1).map_or(f32::INFINITY, |second| best.logit - second.logit)))
}

/// The token with the highest logit, the first of equals.
pub(crate) fn most_likely_id(logits: &[f32]) -> Result<u32, LlmError> {
    most_likely(logits).map(|best| best.id)
}

fn most_likely(logits: &[f32]) -> Result<Candidate, LlmError> {
    let mut best = Candidate { id: 0, logit: f32::NEG_INFINITY };
    for (id, &logit) in (0..).zip(logits) {
        if logit > best.logit {
            best = Candidate { id, logit };
        } else if logit.is_nan() {
            return Err(LlmError::Logits { id: id as usize, value: logit });
        }
    }
    if best.logit.is_finite() { Ok(best) } else { Err(LlmError::Logits { id: best.id as usize, value: best.logit }) }
}

/// How many of the ranked `candidates` it takes to reach the share `p` of `total`; `None` if all are too few.
fn nucleus_len(candidates: &[Candidate], weight: impl Fn(f32) -> f64, p: f32, total: f64) -> Option<usize> {
    let mut mass = 0.0;
    let reached = candidates.iter().position(|c| {
        mass += weight(c.logit);
        mass >= f64::from(p) * total
    });
    reached.map(|last| last + 1)
}

fn pick_candidate(candidates: &[Candidate], weight: impl Fn(f32) -> f64, uniform: f64) -> Option<u32> {
    let total: f64 = candidates.iter().map(|c| weight(c.logit)).sum();
    pick(candidates.iter().map(|c| (c.id, weight(c.logit))), uniform * total)
}

/// The first id at which the running sum of weights passes `target`, or the last with any weight, which rounding of
/// the sum may leave.
fn pick(weights: impl Iterator<Item = (u32, f64)>, target: f64) -> Option<u32> {
    let mut sum = 0.0;
    let mut last = None;
    for (id, weight) in weights {
        sum += weight;
        if weight > 0.0 {
            last = Some(id);
        }
        if sum > target {
            break;
        }
    }
    last
}
