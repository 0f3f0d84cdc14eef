//! Regular expressions that look around.

use std::ops::Range;

use fancy_regex::{Captures, Regex};

pub(super) struct Pattern(Regex);

/// A place that a pattern was found in.
pub(super) struct Found<'t> {
    captures: Captures<'t, str>,
    /// What stands behind it.
    pub after: &'t str,
}

impl<'t> Found<'t> {
    /// What a group matched; nothing if it took no part. Group 0 is the whole.
    pub(super) fn group(&self, index: usize) -> &'t str {
        self.captures.get(index).map_or("", |group| group.as_str())
    }

    /// The number that a group matched.
    pub(super) fn number(&self, index: usize) -> Option<u128> {
        super::numbers::parse(self.group(index))
    }
}

/// Where a search takes too many steps, it finds nothing more: an odd text is then read as it stands.
impl Pattern {
    /// # Errors
    /// `pattern` is no regular expression.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        Regex::new(pattern).map(Self).map_err(|error| format!("{pattern}: {error}"))
    }

    /// A pattern that is part of the program.
    pub(super) fn fixed(pattern: &str) -> Self {
        Self::new(pattern).expect("tests compile it")
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text).unwrap_or(false)
    }

    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        self.0.find(text).ok().flatten().map(|found| found.range())
    }

    pub(super) fn find_all(&self, text: &str) -> Vec<Range<usize>> {
        self.0.find_iter(text).map_while(Result::ok).map(|found| found.range()).collect()
    }

    /// `text` with every place replaced by its reading; those without stay as they are.
    pub(super) fn rewrite(&self, text: &str, reading: impl Fn(&Found<'_>) -> Option<String>) -> String {
        let mut rewritten = String::with_capacity(text.len());
        let mut done = 0;
        for captures in self.0.captures_iter(text).map_while(Result::ok) {
            let Some(whole) = captures.get(0) else { continue };
            if let Some(reading) = reading(&Found { captures, after: &text[whole.end()..] }) {
                rewritten.push_str(&text[done..whole.start()]);
                rewritten.push_str(&reading);
                done = whole.end();
            }
        }
        rewritten.push_str(&text[done..]);
        rewritten
    }
}

/// Matches any of `words`, the longest first.
pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| fancy_regex::escape(word).into_owned()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.join("|")
}
