//! Takes the Markdown off a text, character by character.
//!
//! What has been read but not understood yet is kept: a mark means something only together with what stands behind it.
//! How much is kept has a limit everywhere, so that no text makes this slow or large.

use super::words::is_emoji;

/// The most bytes that are waited for: the target of a link, and everything else.
const LONGEST_TARGET: usize = 2048;
const LONGEST: usize = 256;

/// What is left of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A character to be said.
    Char(char),
    /// What stood before and what follows belong to different blocks: paragraphs, list items, rows.
    Break,
}

/// Receives a piece and the place in the text that it comes from, in bytes.
pub(super) type Sink<'a> = dyn FnMut(Piece, usize) + 'a;

/// Where in the layout the text is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At the beginning of a line, or behind the mark of a block.
    #[default]
    LineStart,
    Text,
    /// In a block of code between fences of this character; on the line of the opening fence?
    Code(char, bool),
    /// In a row of a table.
    Row,
}

#[derive(Debug, Default)]
pub(super) struct Markdown {
    place: Place,
    /// What has not been understood yet, and its place in the text.
    ahead: String,
    offset: usize,
    /// The character before it.
    previous: Option<char>,
    /// The line before ended within a paragraph.
    continues: bool,
    heading: bool,
}

impl Markdown {
    pub(super) fn push(&mut self, character: char, sink: &mut Sink<'_>) {
        // Other line ends and control characters: nobody says them. A space of as many bytes keeps places as they are.
        let character = match character {
            '\n' => '\n',
            '\u{80}'..='\u{9f}' => '\u{a0}',
            _ if character.is_control() => ' ',
            _ => character,
        };
        self.ahead.push(character);
        self.take_all(false, sink);
    }

    /// Hands out what is left and returns the length of the text.
    pub(super) fn finish(&mut self, sink: &mut Sink<'_>) -> usize {
        self.take_all(true, sink);
        self.offset
    }

    fn take_all(&mut self, end: bool, sink: &mut Sink<'_>) {
        while !self.ahead.is_empty() {
            let taken = match self.place {
                Place::LineStart => self.line_start(end, sink),
                Place::Text => self.text(end, sink),
                Place::Code(mark, opening) => self.code(mark, opening, end),
                Place::Row => self.cell(end, sink),
            };
            let Some(taken) = taken else { return };
            self.previous = self.ahead[..taken].chars().next_back().or(self.previous);
            self.ahead.drain(..taken);
            self.offset += taken;
        }
    }

    /// The mark of a block, if one stands here. Returns the bytes that are understood; `None` for "what comes next?".
    fn line_start(&mut self, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let first = self.first();
        match first {
            ' ' | '\t' => Some(1),
            '\n' => {
                self.break_block(sink);
                Some(1)
            }
            '>' => Some(1),
            '|' => {
                self.break_block(sink);
                self.place = Place::Row;
                Some(1)
            }
            '#' | '-' | '+' | '*' | '_' | '=' | '`' | '~' => self.block_mark(first, end, sink),
            '0'..='9' => self.item_number(end, sink),
            // The box of a task.
            '[' if self.ahead.len() < 3 && !end => None,
            '[' if ["[ ]", "[x]", "[X]"].iter().any(|task| self.ahead.starts_with(task)) => Some(3),
            _ => self.begin_text(sink),
        }
    }

    fn block_mark(&mut self, mark: char, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let run = self.ahead.len() - self.ahead.trim_start_matches(mark).len();
        if run > LONGEST {
            return Some(run);
        }
        let next = self.ahead[run..].chars().next();
        if next.is_none() && !end {
            return None;
        }
        let ends_word = next.is_none_or(char::is_whitespace);
        match mark {
            '#' if run <= 6 && ends_word => self.heading = true,
            '-' | '+' | '*' if run == 1 && ends_word => {}
            // A rule, or the line under a heading.
            '-' | '*' | '_' | '=' if run >= 3 && next.is_none_or(|next| next == '\n') => {}
            '`' | '~' if run >= 3 => self.place = Place::Code(mark, true),
            _ => return self.begin_text(sink),
        }
        self.break_block(sink);
        Some(run)
    }

    /// The number of a list item is said.
    fn item_number(&mut self, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let digits = self.ahead.len() - self.ahead.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let mut behind = self.ahead[digits..].chars();
        match (behind.next(), behind.next()) {
            _ if digits > 3 => self.begin_text(sink),
            (Some('.' | ')'), Some(' ')) => {
                self.break_block(sink);
                for (index, digit) in self.ahead[..digits].char_indices() {
                    sink(Piece::Char(digit), self.offset + index);
                }
                sink(Piece::Char(','), self.offset + digits);
                sink(Piece::Char(' '), self.offset + digits);
                Some(digits + 2)
            }
            (None, _) | (Some('.' | ')'), None) if !end => None,
            _ => self.begin_text(sink),
        }
    }

    fn break_block(&mut self, sink: &mut Sink<'_>) {
        sink(Piece::Break, self.offset);
        self.continues = false;
    }

    fn begin_text(&mut self, sink: &mut Sink<'_>) -> Option<usize> {
        if self.continues {
            sink(Piece::Char(' '), self.offset);
        }
        self.place = Place::Text;
        Some(0)
    }

    /// What stands within a line.
    fn text(&mut self, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let first = self.first();
        let next = self.ahead[first.len_utf8()..].chars().next();
        if "*_~\\[]!<".contains(first) && next.is_none() && !end {
            return None;
        }
        let mut say = |character| sink(Piece::Char(character), self.offset);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        match (first, next) {
            ('\n', _) => self.end_line(sink),
            ('`', _) | ('!', Some('[')) => {}
            ('*', _) if is_space(self.previous) && is_space(next) => "times".chars().for_each(say),
            ('_', _) if is_word(self.previous) && is_word(next) => say(' '),
            ('*' | '_', _) => {}
            ('~', Some('~')) => return Some(2),
            ('\\', Some(escaped)) if escaped.is_ascii_punctuation() => {
                say(escaped);
                return Some(2);
            }
            ('\\', _) => {}
            ('[', Some('^')) => return self.bracketed(0, '[', ']', LONGEST, end).or_else_drop(),
            ('[', _) => {}
            (']', Some('(')) => return self.bracketed(1, '(', ')', LONGEST_TARGET, end).or_else_drop(),
            (']', Some('[')) => return self.bracketed(1, '[', ']', LONGEST, end).or_else_drop(),
            (']', _) => {}
            ('<', Some(next)) if next.is_ascii_alphabetic() || next == '/' => return self.tag(end, sink),
            _ if is_emoji(first) => {}
            _ => say(first),
        }
        Some(first.len_utf8())
    }

    fn end_line(&mut self, sink: &mut Sink<'_>) {
        self.place = Place::LineStart;
        if std::mem::take(&mut self.heading) { self.break_block(sink) } else { self.continues = true }
    }

    /// Where the bracket that opens at byte `start` is closed in this line.
    fn bracketed(&self, start: usize, open: char, close: char, longest: usize, end: bool) -> Bracketed {
        let mut depth = 0;
        for (index, character) in self.ahead.char_indices().skip(start) {
            match character {
                '\n' => return Bracketed::Open,
                _ if character == open => depth += 1,
                _ if character == close && depth == 1 => return Bracketed::Closed(index + 1),
                _ if character == close => depth -= 1,
                _ => {}
            }
        }
        if end || self.ahead.len() > longest { Bracketed::Open } else { Bracketed::Unknown }
    }

    /// An HTML tag is left out; an address in its place is said.
    fn tag(&self, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let length = match self.bracketed(0, '<', '>', LONGEST, end) {
            Bracketed::Closed(length) => length,
            Bracketed::Unknown => return None,
            Bracketed::Open => {
                sink(Piece::Char('<'), self.offset);
                return Some(1);
            }
        };
        let inside = &self.ahead[1..length - 1];
        if inside.contains("://") || inside.contains('@') {
            for (index, character) in inside.char_indices() {
                sink(Piece::Char(character), self.offset + 1 + index);
            }
        }
        Some(length)
    }

    /// A line of a block of code is left out. What looked like an opening fence but is closed in the same line was code
    /// within a line.
    fn code(&mut self, mark: char, opening: bool, end: bool) -> Option<usize> {
        let whole = (end || self.ahead.len() > LONGEST).then_some(self.ahead.len());
        let line = self.ahead.find('\n').or(whole)?;
        let text = self.ahead[..line].trim();
        if opening && text.contains('`') {
            self.place = Place::Text;
            return Some(0);
        }
        let closes = !opening && text.len() >= 3 && text.chars().all(|character| character == mark);
        self.place = if closes { Place::LineStart } else { Place::Code(mark, false) };
        Some((line + 1).min(self.ahead.len()))
    }

    /// A cell of a table, without the marks in it; those of the line under the head hold nothing to say.
    fn cell(&mut self, end: bool, sink: &mut Sink<'_>) -> Option<usize> {
        let close = self.ahead.find(['|', '\n']);
        if close.is_none() && !end && self.ahead.len() <= LONGEST {
            return None;
        }
        let close = close.unwrap_or(self.ahead.len());
        let cell = self.ahead[..close].trim_end();
        let behind = self.offset + close;
        if cell.contains(char::is_alphanumeric) {
            for (index, character) in cell.char_indices().filter(|&(_, c)| !"*_`".contains(c) && !is_emoji(c)) {
                sink(Piece::Char(character), self.offset + index);
            }
            if self.ahead[close..].starts_with('|') {
                sink(Piece::Char(','), behind);
                sink(Piece::Char(' '), behind);
            }
        }
        if self.ahead[close..].starts_with('\n') {
            self.place = Place::LineStart;
            self.continues = false;
            sink(Piece::Break, behind);
        }
        Some((close + 1).min(self.ahead.len()))
    }

    fn first(&self) -> char {
        self.ahead.chars().next().unwrap_or(' ')
    }
}

/// Whether a bracket is closed.
enum Bracketed {
    /// At this many bytes.
    Closed(usize),
    /// Not in this line.
    Open,
    /// What follows will tell.
    Unknown,
}

impl Bracketed {
    /// All up to the bracket that closes, or else the mark before it alone.
    fn or_else_drop(self) -> Option<usize> {
        match self {
            Self::Closed(length) => Some(length),
            Self::Open => Some(1),
            Self::Unknown => None,
        }
    }
}
