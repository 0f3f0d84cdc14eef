//! Words and their phonemes, as the files of the package misaki list them.

use std::collections::HashMap;

use serde::Deserialize;

use super::characters::{capitalized, is_lower};

/// The phonemes of a word.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Entry {
    Always(Box<str>),
    /// By part of speech, with `DEFAULT` for the others and `None` for the end of a phrase. Nothing where it is spelled.
    ByTag(HashMap<Box<str>, Option<Box<str>>>),
}

impl Entry {
    /// The phonemes for a part of speech.
    pub(super) fn of(&self, tag: &str) -> Option<&str> {
        match self {
            Self::Always(phonemes) => Some(phonemes),
            Self::ByTag(by_tag) => by_tag.get(tag).or_else(|| by_tag.get("DEFAULT"))?.as_deref(),
        }
    }

    pub(super) fn has(&self, tag: &str) -> bool {
        matches!(self, Self::ByTag(by_tag) if by_tag.contains_key(tag))
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Dictionary(HashMap<Box<str>, Entry>);

impl Dictionary {
    /// A word in lower case answers to its capitalised form too and the other way about, unless the other form has an
    /// entry of its own.
    pub(super) fn get(&self, word: &str) -> Option<&Entry> {
        let Self(entries) = self;
        if let found @ Some(_) = entries.get(word) {
            return found;
        }
        // Single letters have no other form.
        word.chars().nth(1)?;
        let upper = capitalized(word);
        if is_lower(word) && upper != word {
            return entries.get(upper.as_str());
        }
        if word == upper { entries.get(word.to_lowercase().as_str()) } else { None }
    }

    pub(super) fn contains(&self, word: &str) -> bool {
        self.get(word).is_some()
    }
}
