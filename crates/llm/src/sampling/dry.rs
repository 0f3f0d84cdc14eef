//! The penalty on repeating sequences.

use super::options::Dry;

/// Repetitions count as no longer than this. It bounds the work on a text that is one token again and again; at any base
/// in use the penalty is beyond all logits long before.
const LONGEST: usize = 64;

/// A token that would go on repeating, and the length of what it repeats.
pub(super) type Repetition = (u32, usize);

impl Dry {
    /// Takes the penalties from `scores` for the token after `history`. `repetitions` is memory.
    ///
    /// Expects `breakers` in order.
    pub(super) fn penalise(&self, history: &[u32], scores: &mut [f32], repetitions: &mut Vec<Repetition>) {
        let start = self.window.map_or(0, |window| history.len().saturating_sub(window));
        self.find(&history[start..], repetitions);
        repetitions.sort_unstable();
        for same in repetitions.chunk_by(|a, b| a.0 == b.0) {
            let Some(&(id, length)) = same.last() else { continue };
            if length >= self.allowed_length
                && let Some(score) = scores.get_mut(id as usize).filter(|score| score.is_finite())
            {
                let excess = (length - self.allowed_length) as i32;
                let penalty = f64::from(self.multiplier) * f64::from(self.base).powi(excess);
                // However long a repetition is, it becomes unlikely, not impossible.
                *score = (f64::from(*score) - penalty).max(f64::from(f32::MIN)) as f32;
            }
        }
    }

    /// Fills `out` with the tokens that followed earlier occurrences of what `history` ends with, and for each occurrence
    /// the length of what is the same.
    fn find(&self, history: &[u32], out: &mut Vec<Repetition>) {
        out.clear();
        let breaks = |id: &u32| self.breakers.binary_search(id).is_ok();
        let Some((last, earlier)) = history.split_last().filter(|(last, _)| !breaks(last)) else { return };
        for at in (0..earlier.len()).filter(|&at| earlier[at] == *last) {
            let next = history[at + 1];
            if breaks(&next) {
                continue;
            }
            let pairs = earlier[..at].iter().rev().zip(earlier.iter().rev());
            let same = pairs.take(LONGEST - 1).take_while(|(a, b)| a == b && !breaks(a)).count();
            out.push((next, 1 + same));
        }
    }
}
