//! How likely guesses are to be right, from how often they were.

use super::lookup::Evidence;

/// Guesses after which the older ones count half.
const MEMORY: f64 = 64.0;

/// A probability that is learned: right guesses over all.
#[derive(Clone, Copy, Debug)]
pub struct Chance {
    right: f64,
    all: f64,
}

impl Chance {
    /// As though `all` guesses had been made, of which this share was right.
    pub const fn assume(share: f64, all: f64) -> Self {
        Self { right: share * all, all }
    }

    /// Takes in whether a guess was right.
    pub fn note(&mut self, right: bool) {
        if self.all >= MEMORY {
            (self.right, self.all) = (self.right / 2.0, self.all / 2.0);
        }
        self.right += f64::from(u8::from(right));
        self.all += 1.0;
    }

    /// Moves a hundredth of the way to `share`, as time goes by without guesses.
    pub fn fade(&mut self, share: f64) {
        self.right += (share * self.all - self.right) / 100.0;
    }

    /// The probability.
    pub fn probability(self) -> f64 {
        self.right / self.all
    }
}

/// Chances of guesses by what speaks for them. Every token teaches, whether its guess was computed ahead or not, so
/// that it costs nothing to learn that guesses are useless.
#[derive(Clone, Debug)]
pub struct Chances([Chance; 8]);

impl Default for Chances {
    /// Roughly what the prompts of `sottovoce bench speculation` showed, between text that is edited and text that is
    /// new; a few guesses outweigh it.
    fn default() -> Self {
        Self([0.5, 0.15, 0.4, 0.55, 0.65, 0.8, 0.9, 0.95].map(|share| Chance::assume(share, 4.0)))
    }
}

impl Chances {
    /// The probability of a guess for which `evidence` speaks.
    pub fn probability(&self, evidence: Evidence) -> f64 {
        self.0[kind(evidence)].probability()
    }

    /// Takes in whether such a guess was right.
    pub fn note(&mut self, evidence: Evidence, right: bool) {
        self.0[kind(evidence)].note(right);
    }
}

fn kind(evidence: Evidence) -> usize {
    match evidence {
        Evidence { departed: true, .. } => 0,
        Evidence { agreed: 0..=1, .. } => 1,
        Evidence { agreed: 2, .. } => 2,
        Evidence { agreed: 3, .. } => 3,
        Evidence { agreed: 4..=5, .. } => 4,
        Evidence { agreed: 6..=9, .. } => 5,
        Evidence { agreed: 10..=17, .. } => 6,
        Evidence { .. } => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_outweighs_what_was_assumed() {
        let mut chance = Chance::assume(0.25, 4.0);
        assert_eq!(chance.probability(), 0.25);
        (0..2).for_each(|_| chance.note(true));
        assert_eq!(chance.probability(), 0.5);
        (0..200).for_each(|_| chance.note(true));
        assert!(chance.probability() > 0.97);
        // What is older counts less: as many failures outweigh the successes.
        (0..200).for_each(|_| chance.note(false));
        assert!(chance.probability() < 0.05);
    }

    #[test]
    fn without_guesses_the_past_is_forgotten() {
        let mut chance = Chance::assume(0.7, 6.0);
        (0..50).for_each(|_| chance.note(false));
        assert!(chance.probability() < 0.1);
        (0..300).for_each(|_| chance.fade(0.7));
        assert!((chance.probability() - 0.7).abs() < 0.05);
    }

    #[test]
    fn longer_matches_are_trusted_more() {
        let mut chances = Chances::default();
        let mut last = 0.0;
        for agreed in [0, 2, 3, 4, 6, 10, 18] {
            let chance = chances.probability(Evidence { agreed, departed: false });
            assert!(last < chance && chance < 1.0);
            last = chance;
        }
        chances.note(Evidence { agreed: 50, departed: true }, true);
        assert_eq!(chances.probability(Evidence { agreed: 50, departed: false }), last);
    }
}
