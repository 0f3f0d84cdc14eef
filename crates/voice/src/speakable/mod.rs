//! Text as a language model writes it, token by token, made into clauses that can be said.
//!
//! [`Speakable`] takes the text in any pieces and gives out each [`Clause`] as soon as what follows cannot change it: at
//! the end of a sentence, at a comma where that is worth it, at a break of the layout. The first clause is kept short, so
//! that the voice can begin. Markdown is taken off (`markdown`), then the words are cut into clauses (`splitter`); both go
//! character by character and know nothing of the pieces, so how the text was cut never matters.
//!
//! What is said: headings, lists (with their numbers), rows of tables, the text of links and images, code within a line,
//! the host of an address. What is left out: blocks of code, marks of emphasis, targets of links, footnote marks, HTML tags,
//! emoji.

mod markdown;
mod splitter;
mod words;

#[cfg(test)]
mod tests;

use std::ops::Range;

use markdown::Markdown;
use splitter::Splitter;

pub(crate) use words::{is_abbreviation, is_emoji, spoken_address};

/// A part of a text that can be said by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Plain words and punctuation, at least one letter or digit.
    pub text: String,
    /// The bytes of the whole text that it stands for. Clauses lie end to end, beginning at 0: what is not said belongs to the
    /// clause behind it.
    pub source: Range<usize>,
}

/// Makes clauses of a text that is still being written.
///
/// ```
/// let mut speakable = sottovoce_voice::speakable::Speakable::default();
/// assert!(speakable.push("**Yes**, it").is_empty());
/// let clauses: Vec<_> = speakable.push(" is. Look: `3.5` is mo").into_iter().map(|clause| clause.text).collect();
/// assert_eq!(clauses, ["Yes, it is."]);
/// assert_eq!(speakable.finish().last().unwrap().text, "Look: 3.5 is mo");
/// ```
#[derive(Debug, Default)]
pub struct Speakable {
    markdown: Markdown,
    splitter: Splitter,
}

impl Speakable {
    /// Takes the next piece of the text and returns the clauses that it completes.
    pub fn push(&mut self, text: &str) -> Vec<Clause> {
        let mut clauses = Vec::new();
        for character in text.chars() {
            self.markdown.push(character, &mut |piece, at| clauses.extend(self.splitter.push(piece, at)));
        }
        clauses
    }

    /// The clauses that are left, now that nothing follows. The next text begins anew.
    pub fn finish(&mut self) -> Vec<Clause> {
        let mut clauses = Vec::new();
        let end = self.markdown.finish(&mut |piece, at| clauses.extend(self.splitter.push(piece, at)));
        clauses.extend(self.splitter.finish(end));
        *self = Self::default();
        clauses
    }
}

/// The clauses of a text that is there whole.
pub fn clauses(text: &str) -> Vec<Clause> {
    let mut speakable = Speakable::default();
    let mut clauses = speakable.push(text);
    clauses.append(&mut speakable.finish());
    clauses
}
