//! An answer on its way from text to sound.

use std::ops::Range;

use crate::speakable::{Clause, Speakable};

/// The text of an answer, its clauses, and how much sound each of them became: enough to know what of the text has been
/// heard after any number of samples.
#[derive(Debug, Default)]
pub struct Answer {
    text: String,
    text_ended: bool,
    speakable: Speakable,
    clauses: Vec<Spoken>,
}

#[derive(Debug)]
struct Spoken {
    clause: Clause,
    samples: u64,
    ended: bool,
}

impl Answer {
    /// Takes text that came to it, which has not ended.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        let clauses = self.speakable.push(text);
        self.add(clauses);
    }

    /// No more text will come.
    pub fn end_text(&mut self) {
        self.text_ended = true;
        let clauses = self.speakable.finish();
        self.add(clauses);
    }

    fn add(&mut self, clauses: Vec<Clause>) {
        self.clauses.extend(clauses.into_iter().map(|clause| Spoken { clause, samples: 0, ended: false }));
    }

    /// All text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text is whole.
    pub fn text_has_ended(&self) -> bool {
        self.text_ended
    }

    /// The words of the clauses from this one on.
    pub fn clauses_from(&self, first: usize) -> impl ExactSizeIterator<Item = &str> {
        self.clauses.get(first..).unwrap_or_default().iter().map(|spoken| spoken.clause.text.as_str())
    }

    /// Counts sound that was made of a clause; an unknown clause is ignored.
    pub fn add_samples(&mut self, clause: usize, samples: usize) {
        if let Some(spoken) = self.clauses.get_mut(clause) {
            spoken.samples += samples as u64;
        }
    }

    /// The sound of a clause is whole.
    pub fn end_clause(&mut self, clause: usize) {
        if let Some(spoken) = self.clauses.get_mut(clause) {
            spoken.ended = true;
        }
    }

    /// Whether text and sound are whole.
    pub fn is_whole(&self) -> bool {
        self.text_ended && self.clauses.iter().all(|spoken| spoken.ended)
    }

    /// Samples made so far.
    pub fn samples(&self) -> u64 {
        self.clauses.iter().map(|spoken| spoken.samples).sum()
    }

    /// How many clauses have begun to sound after `played` samples.
    pub fn begun(&self, played: u64) -> usize {
        let mut start = 0;
        let begun = |spoken: &&Spoken| {
            let begun = spoken.samples > 0 && start < played || spoken.ended && start + spoken.samples <= played;
            start += spoken.samples;
            begun
        };
        self.clauses.iter().take_while(begun).count()
    }

    /// The bytes of the text that have been heard after `played` samples: whole clauses, and of the one that was being said
    /// as many words as its share of the sound. Whoever heard anything heard the first word.
    pub fn heard(&self, played: u64) -> usize {
        if played == 0 {
            return 0;
        }
        let mut left = played;
        let mut heard = 0;
        for Spoken { clause, samples, ended } in &self.clauses {
            if *ended && left > 0 && left < *samples {
                heard = self.word_end(&clause.source, left as f64 / *samples as f64);
            }
            if !ended || left < *samples {
                return heard.max(self.first_word_end());
            }
            left -= samples;
            heard = clause.source.end;
        }
        if self.text_ended { self.text.len() } else { heard }
    }

    fn first_word_end(&self) -> usize {
        let start = self.text.len() - self.text.trim_start().len();
        start + self.text[start..].find(char::is_whitespace).unwrap_or(self.text.len() - start)
    }

    /// The end of the last word that lies within the first `share` of a clause's source, or its beginning.
    fn word_end(&self, source: &Range<usize>, share: f64) -> usize {
        let text = &self.text[source.clone()];
        let reached = (text.len() as f64 * share) as usize;
        let ends = text
            .char_indices()
            .filter(|&(at, character)| at <= reached && character.is_whitespace() && !text[..at].trim().is_empty());
        source.start + ends.map(|(at, _)| at).next_back().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two clauses of 1000 samples.
    fn answer() -> Answer {
        let mut answer = Answer::default();
        answer.push("**Yes**, it is. ");
        answer.push("Look at this.");
        answer.end_text();
        for clause in 0..2 {
            answer.add_samples(clause, 600);
            answer.add_samples(clause, 400);
            answer.end_clause(clause);
        }
        answer
    }

    #[test]
    fn what_was_heard_follows_the_samples() {
        let answer = answer();
        assert_eq!(answer.clauses_from(0).collect::<Vec<_>>(), ["Yes, it is.", "Look at this."]);
        let heard = |played| &answer.text()[..answer.heard(played)];
        assert_eq!(heard(0), "");
        assert_eq!(heard(1), "**Yes**,");
        assert_eq!(heard(600), "**Yes**,");
        assert_eq!(heard(800), "**Yes**, it");
        assert_eq!(heard(999), "**Yes**, it is.");
        assert_eq!(heard(1000), "**Yes**, it is. ");
        assert_eq!(heard(1500), "**Yes**, it is. Look");
        assert_eq!(heard(2000), answer.text());
        assert_eq!(heard(u64::MAX), answer.text());
    }

    #[test]
    fn a_clause_whose_sound_is_not_whole_was_not_heard() {
        let mut answer = Answer::default();
        answer.push("Yes, it is. Look at");
        answer.add_samples(0, 500);
        assert_eq!((answer.heard(500), answer.begun(0), answer.begun(1)), ("Yes,".len(), 0, 1));
        answer.end_clause(0);
        assert_eq!(&answer.text()[..answer.heard(500)], "Yes, it is. ");
        assert!(!answer.is_whole());
    }

    #[test]
    fn a_text_with_nothing_to_say_is_whole_without_sound() {
        let mut answer = Answer::default();
        answer.push("🙂");
        answer.end_text();
        assert!(answer.is_whole());
        assert_eq!((answer.samples(), answer.heard(0)), (0, 0));
    }
}
