//! A call in Python, as Gemma writes it: a name and keyword arguments that are literals.

use serde_json::{Map, Number, Value};

use super::FunctionCall;

/// How deep lists and dictionaries may lie in one another.
const DEEPEST: usize = 32;

/// Reads `name(key=literal, …)`, which may stand in `print(…)`; `None` for anything else.
pub(super) fn parse(text: &str) -> Option<FunctionCall> {
    let text = text.trim();
    let text = text.strip_prefix("print(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    let mut reader = Reader { rest: text };
    let name = reader.name()?.to_owned();
    let arguments = reader.list('(', ')', |reader, arguments: &mut Map<String, Value>| {
        let key = reader.name()?.to_owned();
        reader.expect('=')?;
        arguments.insert(key, reader.literal(0)?);
        Some(())
    })?;
    reader.rest.trim().is_empty().then_some(FunctionCall { name, arguments: Value::Object(arguments) })
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// Takes `expected` after white space.
    fn expect(&mut self, expected: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(expected)?;
        Some(())
    }

    /// Takes the longest beginning of characters that `belongs` holds for.
    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> &'t str {
        let (taken, rest) = self.rest.split_at(self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// An identifier, with dots.
    fn name(&mut self) -> Option<&'t str> {
        self.rest = self.rest.trim_start();
        let name = self.take_while(|c| c.is_alphanumeric() || c == '_' || c == '.');
        name.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(name)
    }

    /// Items between `open` and `close`, with commas between them and perhaps one behind the last.
    fn list<T: Default>(
        &mut self,
        open: char,
        close: char,
        item: impl Fn(&mut Self, &mut T) -> Option<()>,
    ) -> Option<T> {
        self.expect(open)?;
        let mut items = T::default();
        loop {
            if self.expect(close).is_some() {
                return Some(items);
            }
            item(self, &mut items)?;
            if self.expect(',').is_none() {
                return self.expect(close).map(|()| items);
            }
        }
    }

    fn literal(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            quote @ ('"' | '\'') => self.string(quote).map(Value::String),
            '[' => {
                let list = |reader: &mut Self, list: &mut Vec<Value>| {
                    list.push(reader.literal(depth + 1)?);
                    Some(())
                };
                self.list('[', ']', list).map(Value::Array)
            }
            '{' => {
                let pair = |reader: &mut Self, map: &mut Map<String, Value>| {
                    let Value::String(key) = reader.literal(depth + 1)? else { return None };
                    reader.expect(':')?;
                    map.insert(key, reader.literal(depth + 1)?);
                    Some(())
                };
                self.list('{', '}', pair).map(Value::Object)
            }
            _ => match self.take_while(|c| c.is_alphanumeric() || "+-._".contains(c)) {
                "True" | "true" => Some(Value::Bool(true)),
                "False" | "false" => Some(Value::Bool(false)),
                "None" | "null" => Some(Value::Null),
                number => number.replace('_', "").parse::<Number>().ok().map(Value::Number),
            },
        }
    }

    fn string(&mut self, quote: char) -> Option<String> {
        self.expect(quote)?;
        let mut text = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    escaped @ ('\\' | '\'' | '"') => text.push(escaped),
                    other => text.extend(['\\', other]),
                },
                c if c == quote => {
                    self.rest = &self.rest[at + c.len_utf8()..];
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }
}
