//! The most probable tokens of a large vocabulary, without sorting it.

use std::cmp::Ordering;

/// A token and its logit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    pub id: u32,
    pub logit: f32,
}

/// Higher logits first; of equal ones the lower id, so that the order does not depend on the algorithm.
pub(super) fn by_rank(a: &Candidate, b: &Candidate) -> Ordering {
    // No NaN comes this far, and 0 and −0 are equals.
    b.logit.partial_cmp(&a.logit).unwrap_or(Ordering::Equal).then(a.id.cmp(&b.id))
}

/// Fills `out` with every token that is possible at all, in the order of ids.
pub(super) fn possible(logits: &[f32], out: &mut Vec<Candidate>) {
    out.clear();
    out.reserve(logits.len());
    let all = (0..).zip(logits).map(|(id, &logit)| Candidate { id, logit });
    out.extend(all.filter(|candidate| candidate.logit > f32::NEG_INFINITY));
}

/// Fills `out` with the `k` highest-ranked tokens, best first; `k` is at least one.
///
/// The buffer holds at most `2 k` candidates and is cut back to `k` when full, which raises the bar that a logit has to
/// pass: nearly all of a large vocabulary is turned away by one comparison.
pub(super) fn top_k(logits: &[f32], k: usize, out: &mut Vec<Candidate>) {
    out.clear();
    let capacity = k.saturating_mul(2).min(logits.len());
    let mut bar = f32::NEG_INFINITY;
    for (id, &logit) in (0..).zip(logits) {
        if out.len() >= k && logit <= bar {
            continue;
        }
        out.push(Candidate { id, logit });
        if out.len() == capacity && k < capacity {
            out.select_nth_unstable_by(k - 1, by_rank);
            out.truncate(k);
            bar = out[k - 1].logit;
        }
    }
    out.sort_unstable_by(by_rank);
    out.truncate(k);
}
