//! Which tokens are words, and which the model made up. A model that was trained on subtitles hears "♪", "You" or the end of
//! a film where nobody speaks, and repeats itself where it is lost.

/// A mean log probability of a token below this means that the model guesses. Right answers on clean and noisy recordings lie
/// above −0.5, those on noise and on speech at three times its pace mostly below.
const LEAST_CONFIDENCE: f32 = -0.75;
/// The longest pattern whose repetition is noticed, in tokens.
const LONGEST_PATTERN: usize = 10;
/// So many times in a row is no way of speaking.
const REPETITIONS: usize = 3;

/// What the decoder chose.
#[derive(Debug, Default)]
pub struct Hypothesis {
    /// Tokens without the first and the last mark.
    pub tokens: Vec<usize>,
    /// The sum of their log probabilities, the last mark's included.
    pub log_probability: f32,
    /// Whether it came to an end by itself.
    pub ended: bool,
}

impl Hypothesis {
    /// Adds the likeliest token of `logits`.
    pub fn choose(&mut self, logits: &[f32], end: usize) -> usize {
        let (mut best, mut most) = (0, f32::MIN);
        for (token, &logit) in logits.iter().enumerate() {
            if logit > most {
                (best, most) = (token, logit);
            }
        }
        let others: f32 = logits.iter().map(|logit| (logit - most).exp()).sum();
        self.log_probability -= others.ln();
        if best == end {
            self.ended = true;
        } else {
            self.tokens.push(best);
        }
        best
    }

    /// The tokens that can be believed: none of a guess, and of what is repeated at the end without end one.
    pub fn believed(&self) -> &[usize] {
        let count = self.tokens.len() + usize::from(self.ended);
        if count == 0 || self.log_probability / (count as f32) < LEAST_CONFIDENCE {
            return &[];
        }
        if self.ended { &self.tokens } else { without_repetition(&self.tokens) }
    }
}

/// All but the repetitions of the pattern that the tokens end with.
fn without_repetition(tokens: &[usize]) -> &[usize] {
    for length in 1..=LONGEST_PATTERN.min(tokens.len() / REPETITIONS) {
        let repeated = tokens.iter().rev().zip(tokens.iter().rev().skip(length)).take_while(|(a, b)| a == b).count();
        if repeated >= length * (REPETITIONS - 1) {
            return &tokens[..tokens.len() - repeated];
        }
    }
    tokens
}

/// Whether a text has words in it that an English recogniser can have heard.
pub fn has_words(text: &str) -> bool {
    let mut letters = text.chars().filter(|character| character.is_alphanumeric()).peekable();
    // Letters of Latin script end in the block Latin Extended-B.
    letters.peek().is_some() && letters.all(|letter| letter < '\u{250}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_token_is_chosen_until_the_end() {
        let mut hypothesis = Hypothesis::default();
        assert_eq!(hypothesis.choose(&[0.0, 10.0, 0.0, 0.0], 2), 1);
        assert_eq!(hypothesis.choose(&[0.0, 0.0, 9.0, f32::NEG_INFINITY], 2), 2);
        assert_eq!((&hypothesis.tokens[..], hypothesis.ended), (&[1][..], true));
        // ln(e^10 / (e^10 + 3)) + ln(e^9 / (e^9 + 2))
        assert!((hypothesis.log_probability + 3.829e-4).abs() < 1e-6, "{}", hypothesis.log_probability);
        assert_eq!(hypothesis.believed(), [1]);
    }

    #[test]
    fn a_guess_is_not_believed() {
        let guess = Hypothesis { tokens: vec![5, 6], log_probability: -2.5, ended: true };
        assert!(guess.believed().is_empty());
        let sure = Hypothesis { log_probability: -1.5, ..guess };
        assert_eq!(sure.believed(), [5, 6]);
        assert!(Hypothesis::default().believed().is_empty());
    }

    #[test]
    fn endless_repetition_is_said_once() {
        let tokens = vec![7, 8, 9, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1];
        let endless = Hypothesis { tokens, log_probability: -1.0, ended: false };
        assert_eq!(endless.believed(), [7, 8, 9, 1, 2, 3]);
        assert_eq!(without_repetition(&[4, 5, 5, 5]), [4, 5]);
        assert_eq!(without_repetition(&[4, 5, 5]), [4, 5, 5], "twice is a way of speaking");
        let ended = Hypothesis { tokens: vec![4, 5, 5, 5], log_probability: -1.0, ended: true };
        assert_eq!(ended.believed(), [4, 5, 5, 5], "ten ten ten");
    }

    #[test]
    fn notes_and_other_scripts_are_no_words() {
        for (text, words) in [
            ("Hello", true),
            ("5", true),
            ("café", true),
            ("♪♪", false),
            ("", false),
            ("...", false),
            ("你個個", false),
            ("2-3ตว 100%", false),
        ] {
            assert_eq!(has_words(text), words, "{text}");
        }
    }
}
