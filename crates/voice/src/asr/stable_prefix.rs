//! What of a growing transcript will stay.

/// The words that two hypotheses in a row agree on, from the beginning (the rule is called *local agreement*). They only
/// grow: what was shown is never taken back.
///
/// ```
/// let mut prefix = sottovoce_voice::asr::StablePrefix::default();
/// assert_eq!(prefix.update("What is"), "");
/// assert_eq!(prefix.update("What is the cap"), "What is");
/// assert_eq!(prefix.update("What is the capital of"), " the");
/// assert_eq!(prefix.finish("What is the capital of Japan?"), " capital of Japan?");
/// ```
#[derive(Debug, Default)]
pub struct StablePrefix {
    stable: usize,
    last: Vec<String>,
}

impl StablePrefix {
    /// Takes the words of all audio so far; gives the text that has become certain.
    pub fn update(&mut self, hypothesis: &str) -> String {
        let words: Vec<String> = hypothesis.split_whitespace().map(str::to_owned).collect();
        let agreed = words.iter().zip(&self.last).take_while(|(word, before)| same(word, before)).count();
        let fresh = self.advance(&words, agreed);
        self.last = words;
        fresh
    }

    /// Takes the final words; gives the text that was still missing. What is given next begins anew.
    pub fn finish(&mut self, words: &str) -> String {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let rest = self.advance(&words, words.len());
        *self = Self::default();
        rest
    }

    /// Makes the words up to `end` stable.
    fn advance(&mut self, words: &[String], end: usize) -> String {
        let fresh = words.get(self.stable..end).unwrap_or_default();
        let first = self.stable == 0;
        self.stable = self.stable.max(end);
        let text = fresh.join(" ");
        if first || text.is_empty() { text } else { format!(" {text}") }
    }
}

/// Whether two words sound the same: their letters, whatever the case and the punctuation.
fn same(a: &str, b: &str) -> bool {
    let letters = |word: &str| -> String {
        word.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    letters(a) == letters(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_changes_is_not_shown() {
        let mut prefix = StablePrefix::default();
        assert_eq!(prefix.update("Ever tried,"), "");
        assert_eq!(prefix.update("ever try it"), "ever");
        assert_eq!(prefix.update("Ever tried, ever failed."), "");
        assert_eq!(prefix.update("Ever tried, ever failed, no"), " tried, ever failed,");
        assert_eq!(prefix.update(""), "", "a hypothesis that is lost takes nothing back");
        assert_eq!(prefix.finish("Ever tried, ever failed, no matter."), " no matter.");
        assert_eq!(prefix.finish("Again."), "Again.");
    }

    #[test]
    fn a_shorter_end_adds_nothing() {
        let mut prefix = StablePrefix::default();
        prefix.update("one two three");
        assert_eq!(prefix.update("one two three"), "one two three");
        assert_eq!(prefix.finish("one two"), "");
    }

    proptest! {
        #[test]
        fn pieces_that_grow_give_the_whole(words in prop::collection::vec("[a-c]{1,2}", 0..12), lengths in prop::collection::vec(0usize..13, 0..8)) {
            let whole = words.join(" ");
            let (mut prefix, mut shown) = (StablePrefix::default(), String::new());
            for length in lengths {
                shown += &prefix.update(&words[..length.min(words.len())].join(" "));
                prop_assert!(whole.starts_with(&shown));
            }
            shown += &prefix.finish(&whole);
            prop_assert_eq!(shown, whole);
        }
    }
}
