//! Taking calls out of streamed text.

use super::format::{Markup, ToolFormat};
use super::{FunctionCall, Tool, call};
use crate::generate::undecided_end;

/// Separates the calls in a streamed answer from its text: the text is shown as soon as it cannot be markup, calls and
/// their markup are not. What looked like a call and is none is shown in the end.
pub struct ToolParser {
    format: ToolFormat,
    names: Vec<String>,
    place: Place,
    /// Text that is undecided, or the inside of a call so far.
    held: String,
    calls: Vec<FunctionCall>,
}

enum Place {
    /// Nothing has come but white space.
    Start,
    Text,
    Inside(&'static Markup),
    /// In an answer that began as a JSON object does.
    Bare,
}

impl ToolParser {
    /// A parser for an answer of a model that was offered `tools`.
    pub fn new(format: ToolFormat, tools: &[Tool]) -> Self {
        let names = tools.iter().map(|tool| tool.name().to_owned()).collect();
        Self { format, names, place: Place::Start, held: String::new(), calls: Vec::new() }
    }

    /// Takes the next piece of the answer and appends to `shown` what is text.
    pub fn push(&mut self, piece: &str, shown: &mut String) {
        self.held.push_str(piece);
        while self.advance(shown) {}
    }

    /// Takes the end of the answer: appends what is left of the text to `shown` and returns the calls.
    pub fn finish(mut self, shown: &mut String) -> Vec<FunctionCall> {
        match self.place {
            Place::Start | Place::Text => shown.push_str(&self.held),
            Place::Inside(markup) => {
                let inside = std::mem::take(&mut self.held);
                self.take(markup, &inside, "", shown);
            }
            Place::Bare => match call::parse(&self.held).filter(|calls| self.are_known(calls)) {
                Some(calls) => self.calls.extend(calls),
                None => shown.push_str(&self.held),
            },
        }
        self.calls
    }

    /// Decides about the beginning of what is held; false when more has to come first.
    fn advance(&mut self, shown: &mut String) -> bool {
        match self.place {
            Place::Start => match self.held.trim_start().chars().next() {
                None => return false,
                Some('{') if self.format.calls_bare() => self.place = Place::Bare,
                Some(_) => self.place = Place::Text,
            },
            Place::Text => {
                let found =
                    self.format.markup().iter().filter_map(|m| Some((self.held.find(m.open)?, m))).min_by_key(|f| f.0);
                let Some((at, markup)) = found else {
                    let openings = self.format.markup().iter().map(|markup| markup.open);
                    let decided = self.held.len() - undecided_end(&self.held, openings);
                    shown.extend(self.held.drain(..decided));
                    return false;
                };
                shown.push_str(&self.held[..at]);
                self.held.drain(..at + markup.open.len());
                self.place = Place::Inside(markup);
            }
            Place::Inside(markup) => {
                let Some(close) = markup.close else { return false };
                let Some(end) = end_of_call(&self.held, close) else { return false };
                let inside: String = self.held.drain(..end).collect();
                self.held.drain(..close.len());
                self.take(markup, &inside, close, shown);
                self.place = Place::Text;
            }
            Place::Bare => return false,
        }
        true
    }

    /// Takes the calls between `markup` and `close`, or shows what are none.
    fn take(&mut self, markup: &Markup, inside: &str, close: &str, shown: &mut String) {
        match call::parse(inside).filter(|calls| markup.is_call || self.are_known(calls)) {
            Some(calls) => self.calls.extend(calls),
            None => shown.extend([markup.open, inside, close]),
        }
    }

    fn are_known(&self, calls: &[FunctionCall]) -> bool {
        calls.iter().all(|call| self.names.contains(&call.name))
    }
}

/// Where `close` stands in `inside`. What a text in JSON spells closes nothing.
fn end_of_call(inside: &str, close: &str) -> Option<usize> {
    if !inside.trim_start().starts_with(['{', '[']) {
        return inside.find(close);
    }
    let (mut is_text, mut is_escaped) = (false, false);
    for (at, c) in inside.char_indices() {
        if !is_text && inside[at..].starts_with(close) {
            return Some(at);
        }
        is_text ^= c == '"' && !is_escaped;
        is_escaped = is_text && c == '\\' && !is_escaped;
    }
    None
}
