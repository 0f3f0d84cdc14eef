//! What logits say, before anything is filtered.

use super::candidates::{Candidate, top_k};
use crate::LlmError;

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

/// Logits that are looked at together, and those of them that are compared in one vector: most parts hold nothing greater
/// than an earlier one.
const PART: usize = 512;
const LANES: usize = 16;

pub(super) fn most_likely(logits: &[f32]) -> Result<Candidate, LlmError> {
    let mut best = Candidate { id: 0, logit: f32::NEG_INFINITY };
    for (part, first) in logits.chunks(PART).zip((0..).step_by(PART)) {
        // Without a branch, so that it is computed in vectors; NaN is greater than nothing.
        let largest = |a: f32, b: f32| if b > a { b } else { a };
        let (lanes, rest) = part.as_chunks::<LANES>();
        let mut top = [f32::NEG_INFINITY; LANES];
        let mut odd = [0; LANES];
        for lanes in lanes {
            top = std::array::from_fn(|lane| largest(top[lane], lanes[lane]));
            odd = std::array::from_fn(|lane| odd[lane] | u32::from(lanes[lane].is_nan()));
        }
        let top = top.iter().chain(rest).copied().fold(f32::NEG_INFINITY, largest);
        if top <= best.logit && odd == [0; LANES] && !rest.iter().any(|logit| logit.is_nan()) {
            continue;
        }
        for (id, &logit) in (first..).zip(part) {
            if logit > best.logit {
                best = Candidate { id, logit };
            } else if logit.is_nan() {
                return Err(LlmError::Logits { id: id as usize, value: logit });
            }
        }
    }
    if best.logit.is_finite() { Ok(best) } else { Err(LlmError::Logits { id: best.id as usize, value: best.logit }) }
}
