//! What SentencePiece does to a text before it segments it.

use super::{PrefixIndex, charsmap::Charsmap};

/// U+2581, by which SentencePiece spells a space.
pub const SPACE: char = '\u{2581}';

/// The `NormalizerSpec` of a model.
#[derive(Default)]
pub struct Normalizer {
    /// Rewriting rules; none for the rule `identity`.
    pub charsmap: Option<Charsmap>,
    /// Whether a text begins with a space of its own.
    pub add_dummy_prefix: bool,
    /// Whether spaces at both ends of a text go, and runs of spaces become one.
    pub remove_extra_whitespaces: bool,
}

impl Normalizer {
    /// The text to segment. User-defined pieces keep their spelling.
    ///
    /// # Errors
    /// The rewriting rules are broken.
    pub fn normalize(&self, text: &str, user_defined: &PrefixIndex) -> Result<String, String> {
        let mut out = String::with_capacity(text.len() + SPACE.len_utf8());
        let mut after_space = self.remove_extra_whitespaces;
        let mut rest = text;
        while !rest.is_empty() {
            let (length, mut replacement) = self.step(rest, user_defined)?;
            rest = &rest[length..];
            if after_space {
                replacement = replacement.trim_start_matches(' ');
            }
            if !replacement.is_empty() {
                after_space = self.remove_extra_whitespaces && replacement.ends_with(' ');
                out.extend(replacement.chars().map(|c| if c == ' ' { SPACE } else { c }));
            }
        }
        if self.remove_extra_whitespaces {
            out.truncate(out.trim_end_matches(SPACE).len());
        }
        let is_nothing = if self.remove_extra_whitespaces { out.is_empty() } else { text.is_empty() };
        if self.add_dummy_prefix && !is_nothing {
            out.insert(0, SPACE);
        }
        Ok(out)
    }

    /// How many bytes at the beginning of `text` are taken at once, and what they become.
    fn step<'t>(&'t self, text: &'t str, user_defined: &PrefixIndex) -> Result<(usize, &'t str), String> {
        if let Some((length, _)) = user_defined.longest(text) {
            return Ok((length, &text[..length]));
        }
        if let Some(charsmap) = &self.charsmap
            && let Some(rule) = charsmap.rule(text)?
        {
            return Ok(rule);
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        Ok((length, &text[..length]))
    }
}
