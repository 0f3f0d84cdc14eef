//! Words as searches compare them. Both databases are given these instead of text, so that they find the same.

use std::{collections::HashSet, ops::Range};

use unicode_normalization::{
    UnicodeNormalization,
    char::{canonical_combining_class, is_combining_mark},
};

use crate::Excerpt;

/// Characters of a word that are compared.
const LONGEST: usize = 64;
/// Bytes of the different words of a text that can be found. PostgreSQL has room for a megabyte.
const MOST_INDEXED: usize = 256 << 10;
/// Words of a search that count.
const MOST_SEARCHED: usize = 32;
/// Marks of a greater combining class are accents, and the vowel points of Hebrew and Arabic. Those of a lower one make
/// another letter: the voicing of kana, for instance.
const HIGHEST_OF_LETTERS: u8 = 9;
/// Characters around the word of an excerpt.
const BEFORE: usize = 60;
const AFTER: usize = 160;

/// The different words of a text, with a space between them.
pub fn indexed(text: &str) -> String {
    let mut seen = HashSet::new();
    let mut size = 0;
    for (_, word) in words(text) {
        size += if seen.contains(&word) { 0 } else { word.len() + 1 };
        if size > MOST_INDEXED {
            break;
        }
        seen.insert(word);
    }
    seen.into_iter().collect::<Vec<_>>().join(" ")
}

/// The words of a search.
pub fn searched(search: &str) -> Vec<String> {
    words(search).map(|(_, word)| word).take(MOST_SEARCHED).collect()
}

/// The first place in a text where a word begins with `wanted`, which is folded.
pub fn excerpt(message: uuid::Uuid, text: &str, wanted: &str) -> Option<Excerpt> {
    let (place, _) = words(text).find(|(_, word)| word.starts_with(wanted))?;
    let before = text[..place.start].char_indices().rev().take(BEFORE).last().map_or(place.start, |(at, _)| at);
    let after = text[place.end..].char_indices().nth(AFTER).map_or(text.len(), |(at, _)| place.end + at);
    Some(Excerpt {
        message,
        before: text[before..place.start].to_owned(),
        word: text[place.clone()].to_owned(),
        after: text[place.end..after].to_owned(),
    })
}

/// The words of a text, folded, with their places. In scripts that write no spaces each character is a word.
fn words(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        loop {
            let (start, first) = chars.find(|(_, c)| c.is_alphanumeric())?;
            let goes_on =
                |c: char| is_combining_mark(c) || (c.is_alphanumeric() && !stands_alone(first) && !stands_alone(c));
            let mut end = start + first.len_utf8();
            while let Some((at, c)) = chars.next_if(|&(_, c)| goes_on(c)) {
                end = at + c.len_utf8();
            }
            let word = fold(&text[start..end]);
            if !word.is_empty() {
                return Some((start..end, word));
            }
        }
    })
}

/// Whether a character belongs to a script without spaces: kana, Han, Thai, Lao, Khmer.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{0e00}'..='\u{0eff}' | '\u{1780}'..='\u{17ff}')
}

/// A word without case and accents: letters, digits and marks alone, none of which means anything to a database.
fn fold(word: &str) -> String {
    word.nfkd()
        .filter(|&c| canonical_combining_class(c) <= HIGHEST_OF_LETTERS)
        .flat_map(char::to_lowercase)
        .filter(|&c| c.is_alphanumeric() || is_combining_mark(c))
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_split() {
        for (text, expected) in [
            ("", vec![]),
            ("?! \u{301}", vec![]),
            ("Déjà-vu, ÅNGSTRÖM's café", vec!["deja", "vu", "angstrom", "s", "cafe"]),
            ("İstanbul ﬁn x²", vec!["istanbul", "fin", "x2"]),
            ("日本 がか ไทย 한국", vec!["日", "本", "か\u{3099}", "か", "ไ", "ท", "ย", "한국"]),
            ("हिन्दी שָׁלוֹם", vec!["हिन्दी", "שלום"]),
            ("\"a\"* OR (b) NEAR c:d -e '&|!<->", vec!["a", "or", "b", "near", "c", "d", "e"]),
            ("⑴ ½", vec!["1", "12"]),
        ] {
            let expected: Vec<String> = expected.iter().map(|word| word.nfkd().collect()).collect();
            assert_eq!(searched(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_indexed_is_bounded() {
        assert_eq!(indexed("a b A").len(), 3);
        assert_eq!(indexed(&"ä".repeat(1 << 20)), "a".repeat(LONGEST));
        let many: String = (0..100_000).map(|number| format!("word{number} ")).collect();
        let words = indexed(&many);
        assert!(words.len() <= MOST_INDEXED && words.len() > MOST_INDEXED - 20, "{}", words.len());
        assert!(searched(&many).len() == MOST_SEARCHED);
    }

    #[test]
    fn excerpts_show_the_word_with_its_surroundings() {
        let id = uuid::Uuid::nil();
        let text = format!("{} Über Äpfel {}", "é".repeat(100), "ß".repeat(500));
        let found = excerpt(id, &text, "apf").unwrap();
        assert_eq!(found.word, "Äpfel");
        assert_eq!((found.before.chars().count(), found.after.chars().count()), (BEFORE, AFTER));
        assert!(found.before.ends_with("é Über ") && found.after.starts_with(" ß"));
        let all = excerpt(id, "Äpfel", "apfel").unwrap();
        assert_eq!((all.before.as_str(), all.after.as_str()), ("", ""));
        assert_eq!(excerpt(id, &text, "pfel"), None);
    }
}
