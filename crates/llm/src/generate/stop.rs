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
        let shown = self.held.len() - self.undecided();
        out.push_str(&self.held[..shown]);
        self.held.drain(..shown);
        false
    }

    /// Appends what was held back to `out`: the text ended otherwise.
    pub fn finish(&mut self, out: &mut String) {
        out.push_str(&self.held);
        self.held.clear();
    }

    /// Bytes at the end of the held text that may be the beginning of a stop string.
    fn undecided(&self) -> usize {
        let beginning = |stop: &String| {
            let longest = self.held.len().min(stop.len() - 1);
            let is_held = |&len: &usize| stop.is_char_boundary(len) && self.held.ends_with(&stop[..len]);
            (1..=longest).rev().find(is_held).unwrap_or(0)
        };
        self.stops.iter().map(beginning).max().unwrap_or(0)
    }
}
