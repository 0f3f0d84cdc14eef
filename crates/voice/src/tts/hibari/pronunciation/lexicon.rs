//! How words are said that can be looked up, by the rules of the Python package misaki (American English).
//!
//! The lexicon has two dictionaries: `gold`, written by people, and `silver`, made by a program. Words that stand in
//! neither may be forms of ones that do (`inflection`) or numbers (`quantity`).

use unicode_normalization::UnicodeNormalization;

use super::{
    Token,
    characters::{is_letters, is_lower, is_upper},
    dictionary::{Dictionary, Entry},
    stress::{self, PRIMARY, SECONDARY, Stress},
};

/// What follows a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Following {
    /// Whether a vowel does; nothing at the end of a phrase.
    pub vowel: Option<bool>,
    /// Whether the word "to" does.
    pub to: bool,
}

/// The word of a symbol.
pub(super) fn symbol_word(symbol: &str) -> Option<&'static str> {
    match symbol {
        "%" => Some("percent"),
        "&" => Some("and"),
        "+" => Some("plus"),
        "@" => Some("at"),
        _ => None,
    }
}

pub(super) struct Lexicon {
    gold: Dictionary,
    silver: Dictionary,
}

impl Lexicon {
    pub(super) fn new(gold: Dictionary, silver: Dictionary) -> Self {
        Self { gold, silver }
    }

    /// The phonemes of a token; `None` if it can neither be looked up nor counted.
    pub(super) fn say(&self, token: &Token<'_>, following: Following) -> Option<String> {
        let word = token.alias.unwrap_or(&token.text).replace(['‘', '’'], "'");
        let word: String = word.nfkc().collect();
        let stress = match () {
            () if is_lower(&word) => None,
            () if is_upper(&word) => Some(Stress::Primary),
            () => Some(Stress::Some),
        };
        if let Some(phonemes) = self.word(&word, token.tag, stress, following) {
            return Some(match token.currency.as_deref().and_then(|symbol| self.currency_name(symbol)) {
                Some(currency) => format!("{phonemes} {currency}"),
                None => phonemes,
            });
        }
        if super::quantity::is_number(&word, token.is_head) {
            return self.number(&word, token.currency.as_deref(), token.is_head);
        }
        None
    }

    fn word(&self, word: &str, tag: &str, stress: Option<Stress>, following: Following) -> Option<String> {
        if let special @ Some(_) = self.special(word, tag, stress, following) {
            return special;
        }
        let lower = word.to_lowercase();
        let word = if self.is_shouted(word, &lower, tag, stress, following) { &lower } else { word };
        if self.is_known(word) {
            return self.look_up(word, tag, stress, Some(following));
        }
        if let Some(stem) = word.strip_suffix("s'")
            && self.is_known(&format!("{stem}'s"))
        {
            return self.look_up(&format!("{stem}'s"), tag, stress, Some(following));
        }
        if let Some(stem) = word.strip_suffix('\'')
            && self.is_known(stem)
        {
            return self.look_up(stem, tag, stress, Some(following));
        }
        self.inflected(word, tag, stress, Some(following))
    }

    /// Whether a word in capitals, or with one, is an ordinary word.
    fn is_shouted(&self, word: &str, lower: &str, tag: &str, stress: Option<Stress>, following: Following) -> bool {
        let length = word.chars().count();
        let mut rest = word.chars();
        rest.next();
        length > 1
            && is_letters(&word.replace('\'', ""))
            && word != lower
            && (tag != "NNP" || length > 7)
            && !self.has(word)
            && (is_upper(word) || is_lower(rest.as_str()))
            && (self.has(lower) || self.is_inflected(lower, tag, stress, following))
    }

    fn has(&self, word: &str) -> bool {
        self.gold.contains(word) || self.silver.contains(word)
    }

    /// Words that depend on what they are and what follows.
    fn special(&self, word: &str, tag: &str, stress: Option<Stress>, following: Following) -> Option<String> {
        let fixed = |phonemes: &str| Some(phonemes.to_owned());
        let gold = |word: &str, tag: &str| self.gold.get(word)?.of(tag).map(str::to_owned);
        let emphatic = matches!(stress, Some(Stress::Some | Stress::Primary));
        match word {
            "." if tag == "ADD" => self.look_up("dot", "", Some(Stress::Weaken), Some(following)),
            "/" if tag == "ADD" => self.look_up("slash", "", Some(Stress::Weaken), Some(following)),
            "%" | "&" | "+" | "@" => self.look_up(symbol_word(word)?, "", None, Some(following)),
            _ if is_dotted(word) => self.spell(word),
            "a" | "A" => fixed(if tag == "DT" { "ɐ" } else { "ˈA" }),
            "am" | "Am" | "AM" if tag.starts_with("NN") => self.spell(word),
            "am" | "Am" | "AM" if following.vowel.is_none() || word != "am" || emphatic => gold("am", ""),
            "am" => fixed("ɐm"),
            "AN" if tag.starts_with("NN") => self.spell(word),
            "an" | "An" | "AN" => fixed("ɐn"),
            "I" if tag == "PRP" => fixed("ˌI"),
            "by" | "By" | "BY" if parent(tag) == "ADV" => fixed("bˈI"),
            "to" | "To" => self.to(following),
            "TO" if matches!(tag, "TO" | "IN") => self.to(following),
            "in" | "In" => fixed(if following.vowel.is_none() || tag != "IN" { "ˈɪn" } else { "ɪn" }),
            "IN" if tag != "NNP" => fixed(if following.vowel.is_none() || tag != "IN" { "ˈɪn" } else { "ɪn" }),
            "the" | "The" => fixed(if following.vowel == Some(true) { "ði" } else { "ðə" }),
            "THE" if tag == "DT" => fixed(if following.vowel == Some(true) { "ði" } else { "ðə" }),
            _ if tag == "IN" && ["vs", "vs."].iter().any(|versus| word.eq_ignore_ascii_case(versus)) => {
                self.look_up("versus", "", None, Some(following))
            }
            "used" | "Used" | "USED" if matches!(tag, "VBD" | "JJ") && following.to => gold("used", "VBD"),
            "used" | "Used" | "USED" => gold("used", "DEFAULT"),
            _ => None,
        }
    }

    fn to(&self, following: Following) -> Option<String> {
        match following.vowel {
            None => self.gold.get("to")?.of("").map(str::to_owned),
            Some(false) => Some("tə".to_owned()),
            Some(true) => Some("tʊ".to_owned()),
        }
    }

    /// Letter by letter, the last one stressed.
    pub(super) fn spell(&self, word: &str) -> Option<String> {
        let letters = word.chars().filter(|character| character.is_alphabetic());
        let names: Option<String> =
            letters.map(|letter| self.gold.get(&letter.to_uppercase().to_string())?.of("")).collect();
        let mut name = stress::apply(&names?, Some(Stress::Secondary));
        if let Some(last) = name.rfind(SECONDARY) {
            name.replace_range(last..last + SECONDARY.len_utf8(), "ˈ");
        }
        Some(name)
    }

    /// Whether [`Lexicon::look_up`] finds the word, or will spell it.
    pub(super) fn is_known(&self, word: &str) -> bool {
        if self.has(word) || symbol_word(word).is_some() {
            return true;
        }
        if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return false;
        }
        word.len() == 1 || (is_upper(word) && self.gold.contains(&word.to_lowercase())) || is_upper(&word[1..])
    }

    /// The phonemes of a word that [`Lexicon::is_known`], as the part of speech `tag` where that matters.
    pub(super) fn look_up(
        &self,
        word: &str,
        tag: &str,
        stress: Option<Stress>,
        following: Option<Following>,
    ) -> Option<String> {
        let in_capitals = is_upper(word) && !self.gold.contains(word);
        let lower = word.to_lowercase();
        let word = if in_capitals { &lower } else { word };
        let is_name = in_capitals && tag == "NNP";
        let entry = self.gold.get(word).or_else(|| if is_name { None } else { self.silver.get(word) });
        let phonemes = entry.and_then(|entry| of_word(entry, tag, following));
        match phonemes.filter(|phonemes| !is_name || phonemes.contains(PRIMARY)) {
            Some(phonemes) => Some(stress::apply(phonemes, stress)),
            None => self.spell(word),
        }
    }
}

fn of_word<'a>(entry: &'a Entry, tag: &str, following: Option<Following>) -> Option<&'a str> {
    if following.is_some_and(|following| following.vowel.is_none()) && entry.has("None") {
        return entry.of("None");
    }
    entry.of(if entry.has(tag) { tag } else { parent(tag) })
}

/// Whether a word is short pieces with points between them: "U.S.", "e.g.".
fn is_dotted(word: &str) -> bool {
    word.trim_matches('.').contains('.')
        && is_letters(&word.replace('.', ""))
        && word.split('.').all(|piece| piece.chars().count() < 3)
}

/// The class of a tag that entries of the lexicon name.
fn parent(tag: &str) -> &str {
    match tag {
        _ if tag.starts_with("VB") => "VERB",
        _ if tag.starts_with("NN") => "NOUN",
        _ if tag.starts_with("ADV") || tag.starts_with("RB") => "ADV",
        _ if tag.starts_with("ADJ") || tag.starts_with("JJ") => "ADJ",
        _ => tag,
    }
}
