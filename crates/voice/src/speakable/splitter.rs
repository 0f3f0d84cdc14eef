//! Cuts plain text into clauses.

use super::{
    Clause,
    markdown::Piece,
    words::{is_abbreviation, is_joining, spoken_address},
};

/// What may stand between the mark that ends a sentence and the space behind it.
const CLOSING: [char; 8] = ['"', '\'', '”', '’', '»', ')', ']', '*'];

/// When a clause may end elsewhere than with a sentence, in bytes of its text.
struct Limits {
    /// At a comma, from here on.
    comma: usize,
    /// At any space, from here on; before a joining word sooner, if there was one in the second half.
    longest: usize,
}

/// The voice should begin early: two words will do.
const FIRST: Limits = Limits { comma: 12, longest: 90 };
/// Whole sentences sound best, but nobody should wait for a very long one.
const LATER: Limits = Limits { comma: 90, longest: 220 };
/// No clause is longer than this, even if nothing in it can be cut.
pub(super) const LONGEST: usize = 300;

#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The clause so far: no space at its ends, single spaces between its words.
    text: String,
    /// Where its source begins.
    start: usize,
    /// A space follows it.
    space: bool,
    /// Where a word that joins begins in the text, and in the source.
    joint: Option<(usize, usize)>,
    /// Where the last word begins in the text, and in the source.
    word: (usize, usize),
    /// A clause has been given out.
    begun: bool,
}

impl Splitter {
    /// Takes a piece, which comes from byte `at` of the source. Returns the clause that ends before it.
    pub(super) fn push(&mut self, piece: Piece, at: usize) -> Option<Clause> {
        let character = match piece {
            Piece::Break => {
                self.end_word();
                self.close_block();
                return self.cut(at);
            }
            Piece::Char(character) => character,
        };
        if character.is_whitespace() {
            self.end_word();
            return None;
        }
        let clause = self.cut_before(character, at);
        if self.space && !self.text.is_empty() {
            self.text.push(' ');
        }
        if self.space || self.text.is_empty() {
            self.word = (self.text.len(), at);
        }
        self.space = false;
        self.text.push(character);
        clause
    }

    /// What is left, now that the source has ended.
    pub(super) fn finish(&mut self, end: usize) -> Option<Clause> {
        self.end_word();
        self.cut(end)
    }

    fn cut_before(&mut self, next: char, at: usize) -> Option<Clause> {
        let limits = if self.begun { LATER } else { FIRST };
        if !self.space {
            return if self.text.len() >= LONGEST { self.cut(at) } else { None };
        }
        if self.ends_before(next, limits.comma) {
            return self.cut(at);
        }
        if self.text.len() < limits.longest {
            return None;
        }
        match self.joint.filter(|&(joint, _)| joint > limits.longest / 2) {
            Some((joint, source)) => {
                let rest = self.text.split_off(joint);
                let clause = self.cut(source);
                self.word = (self.word.0.saturating_sub(joint), self.word.1);
                (self.text, self.space) = (rest, true);
                clause
            }
            None => self.cut(at),
        }
    }

    /// Whether the text ends where `next` begins another word.
    fn ends_before(&self, next: char, comma: usize) -> bool {
        let body = self.text.trim_end_matches(CLOSING);
        match body.chars().next_back() {
            Some('!' | '?' | '…') => !next.is_lowercase(),
            Some('.') => !next.is_lowercase() && !self.goes_on_behind_point(body, next),
            // "July 4, 1776" and "1, 2, 3" stay together.
            Some(',') => body.len() >= comma && !next.is_numeric(),
            Some(';' | ':' | '—' | '–') => body.len() >= comma,
            _ => false,
        }
    }

    fn goes_on_behind_point(&self, body: &str, next: char) -> bool {
        let word = &body[body.rfind(' ').map_or(0, |space| space + 1)..body.len() - 1];
        // "1. Mix" within a line: the number belongs to what follows.
        let numbers_item = word.len() == body.len() - 1 && word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
        numbers_item || is_abbreviation(word, next)
    }

    fn end_word(&mut self) {
        if self.space || self.text.is_empty() {
            return;
        }
        self.space = true;
        let (start, source) = self.word;
        let word = &self.text[start..];
        if let Some(spoken) = spoken_address(word) {
            self.text.replace_range(start.., &spoken);
        } else if is_joining(word) {
            self.joint = Some((start, source));
        }
    }

    /// A heading or list item without a mark at its end is said like a sentence.
    fn close_block(&mut self) {
        if self.text.ends_with(',') {
            self.text.pop();
        }
        if self.text.ends_with(|last: char| last.is_alphanumeric()) {
            self.text.push('.');
        }
    }

    /// Gives out the text as a clause whose source ends at byte `end`; drops it if there is nothing in it to say.
    fn cut(&mut self, end: usize) -> Option<Clause> {
        let text = std::mem::take(&mut self.text);
        (self.joint, self.space) = (None, false);
        let text = text.trim_end();
        if !text.contains(char::is_alphanumeric) {
            return None;
        }
        self.begun = true;
        Some(Clause { text: text.to_owned(), source: std::mem::replace(&mut self.start, end)..end })
    }
}
