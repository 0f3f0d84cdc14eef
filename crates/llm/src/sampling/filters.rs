//! From scores to a token: the filters of a distribution, one after the other, and the draw.

use std::cmp::Ordering;

use super::candidates::{Candidate, by_rank, possible, top_k};
use super::options::Sampling;

/// How many candidates are ranked first, in the hope that they suffice.
const FIRST_RANKED: usize = 64;

/// Draws a token from `scores`, of which `best` is the highest, at a temperature above 0. `uniform` is the random number,
/// from 0 to below 1. `kept` is memory, which holds what the filters left in the end.
///
/// Nothing sorts the whole vocabulary: top-k turns nearly all of it away by one comparison each, and the others rank as
/// many candidates as they keep.
pub(super) fn draw(
    scores: &[f32],
    best: Candidate,
    sampling: &Sampling,
    uniform: f64,
    kept: &mut Vec<Candidate>,
) -> u32 {
    // A tiny temperature can overflow the quotient, but only towards −∞: the best score is subtracted first.
    let exponent = |candidate: &Candidate| f64::from((candidate.logit - best.logit) / sampling.temperature);
    let weight = |candidate: &Candidate| exponent(candidate).exp();
    match sampling.top_k {
        Some(k) if k < scores.len() => top_k(scores, k, kept),
        _ => possible(scores, kept),
    }
    if let Some(p) = sampling.top_p.filter(|&p| p < 1.0) {
        keep_share(kept, weight, p, by_rank);
    }
    if let Some(share) = sampling.min_p {
        kept.retain(|candidate| weight(candidate) >= f64::from(share));
    }
    if let Some(p) = sampling.typical_p.filter(|&p| p < 1.0) {
        // Surprise −ln p is a constant less the exponent, and so is its mean, the entropy.
        let mean = mean_exponent(kept, exponent);
        let deviation = |candidate: &Candidate| (exponent(candidate) - mean).abs();
        keep_share(kept, weight, p, |a, b| deviation(a).total_cmp(&deviation(b)).then_with(|| by_rank(a, b)));
    }
    pick(kept, weight, uniform).unwrap_or(best.id)
}

/// Cuts `kept` to the fewest of its first by `order` whose weights add up to the share `p` of all.
fn keep_share(
    kept: &mut Vec<Candidate>,
    weight: impl Fn(&Candidate) -> f64,
    p: f32,
    order: impl Fn(&Candidate, &Candidate) -> Ordering,
) {
    let target = f64::from(p) * kept.iter().map(&weight).sum::<f64>();
    let (mut mass, mut ranked, mut more) = (0.0, 0, FIRST_RANKED);
    while ranked < kept.len() {
        let rest = &mut kept[ranked..];
        if more < rest.len() {
            rest.select_nth_unstable_by(more, &order);
        }
        let block = more.min(rest.len());
        rest[..block].sort_unstable_by(&order);
        let reached = rest[..block].iter().position(|candidate| {
            mass += weight(candidate);
            mass >= target
        });
        if let Some(last) = reached {
            kept.truncate(ranked + last + 1);
            return;
        }
        ranked += block;
        more *= 8;
    }
}

/// The mean of the exponents, weighted by e to them.
fn mean_exponent(kept: &[Candidate], exponent: impl Fn(&Candidate) -> f64) -> f64 {
    let (mut total, mut sum) = (0.0, 0.0);
    for x in kept.iter().map(exponent).filter(|x| x.is_finite()) {
        total += x.exp();
        sum += x * x.exp();
    }
    sum / total
}

/// The first id at which the running sum of weights passes the share `uniform` of all, or the last with any weight, which
/// rounding of the sum may leave.
fn pick(kept: &[Candidate], weight: impl Fn(&Candidate) -> f64, uniform: f64) -> Option<u32> {
    let target = uniform * kept.iter().map(&weight).sum::<f64>();
    let mut sum = 0.0;
    let mut last = None;
    for candidate in kept {
        let weight = weight(candidate);
        sum += weight;
        if weight > 0.0 {
            last = Some(candidate.id);
        }
        if sum > target {
            break;
        }
    }
    last
}
