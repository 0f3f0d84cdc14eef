//! Stop strings in streamed text.

/// Watches streamed text for strings that end it, and holds back what may be the beginning of one.
///
/// The text ends before the stop string that is complete first; what comes out does not depend on how the text was cut
/// into pieces.
#[derive(Clone, Debug, Default)]
pub struct StopStrings {
    stops: Vec<String>,
    held: String,
}

impl StopStrings {
    /// A watch for `stops`; empty strings are ignored.
    pub fn new(stops: impl IntoIterator<Item = String>) -> Self {
        Self { stops: stops.into_iter().filter(|stop| !stop.is_empty()).collect(), held: String::new() }
    }

    /// Takes the next piece of text and appends to `out` what can be shown. Returns whether the text has ended.
    pub fn push(&mut self, piece: &str, out: &mut String) -> bool {
        self.held.push_str(piece);
        let complete = self.stops.iter().filter_map(|stop| {
            let start = self.held.find(stop.as_str())?;
            Some((start + stop.len(), start))
        });
        if let Some((_, start)) = complete.min() {
            out.push_str(&self.held[..start]);
            self.held.clear();
            return true;
        }
        let shown = self.held.len() - undecided_end(&self.held, self.stops.iter().map(String::as_str));
        out.push_str(&self.held[..shown]);
        self.held.drain(..shown);
        false
    }

    /// Appends what was held back to `out`: the text ended otherwise.
    pub fn finish(&mut self, out: &mut String) {
        out.push_str(&self.held);
        self.held.clear();
    }
}

/// Bytes at the end of `text` that may be the beginning of one of `strings`, which are not empty.
pub(crate) fn undecided_end<'s>(text: &str, strings: impl Iterator<Item = &'s str>) -> usize {
    let beginning = |string: &str| {
        let longest = text.len().min(string.len() - 1);
        let ends_with = |&len: &usize| string.is_char_boundary(len) && text.ends_with(&string[..len]);
        (1..=longest).rev().find(ends_with).unwrap_or(0)
    };
    strings.map(beginning).max().unwrap_or(0)
}
