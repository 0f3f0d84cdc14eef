//! Words and their phonemes, as the files of the package misaki list them.

use std::{collections::HashMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::{
    characters::{capitalized, is_lower},
    pairs::Pairs,
};

/// The phonemes of a word.
pub(super) enum Entry {
    Always(Box<str>),
    /// By part of speech, with `DEFAULT` for the others and `None` for the end of a phrase. Nothing where it is spelled.
    ByTag(Pairs<Option<Box<str>>>),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("phonemes, or phonemes by part of speech")
    }

    fn visit_str<E: Error>(self, phonemes: &str) -> Result<Entry, E> {
        Ok(Entry::Always(phonemes.into()))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Entry, M::Error> {
        Pairs::deserialize(MapAccessDeserializer::new(map)).map(Entry::ByTag)
    }
}

impl Entry {
    /// The phonemes for a part of speech.
    pub(super) fn of(&self, tag: &str) -> Option<&str> {
        match self {
            Self::Always(phonemes) => Some(phonemes),
            Self::ByTag(Pairs(by_tag)) => {
                let of = |tag: &str| by_tag.iter().find(|(of, _)| **of == *tag);
                of(tag).or_else(|| of("DEFAULT"))?.1.as_deref()
            }
        }
    }

    pub(super) fn has(&self, tag: &str) -> bool {
        matches!(self, Self::ByTag(Pairs(by_tag)) if by_tag.iter().any(|(of, _)| **of == *tag))
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
