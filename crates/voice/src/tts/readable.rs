//! Text made readable for any voice: addresses, names of files, identifiers and versions in words; characters that no
//! English voice can say left out.
//!
//! Numbers, dates, money and units are each voice's own business.

use crate::speakable::{is_emoji, spoken_address};

/// The zeros of scripts whose digits lie in a row: Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu,
/// Kannada, Malayalam, Thai, Lao, Tibetan, Burmese, Khmer, fullwidth.
const ZEROS: [char; 16] = ['٠', '۰', '०', '০', '੦', '૦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '０'];
/// Names that are not said as they are spelled.
const NAMES: [(&str, &str); 6] = [
    ("GUI", "gooey"),
    ("JSON", "Jason"),
    ("README", "read me"),
    ("TOML", "tommel"),
    ("YAML", "yammel"),
    ("usr", "user"),
];
/// What may stand before and behind a word.
const OPENING: [char; 7] = ['(', '[', '{', '"', '\'', '“', '‘'];
const CLOSING: [char; 14] = ['.', ',', ';', ':', '!', '?', '…', ')', ']', '}', '"', '\'', '”', '’'];

/// `text` as English voices can read it. What has nothing to be changed stays as it is, but for single spaces.
pub(super) fn readable(text: &str) -> String {
    let said: String = text.chars().map(sayable).collect();
    let words: Vec<String> =
        said.split_whitespace().map(|word| spoken(word).unwrap_or_else(|| word.to_owned())).collect();
    words.join(" ")
}

/// The letters of `text` that English voices leave out, each once.
pub fn unspeakable(text: &str) -> String {
    let mut letters = String::new();
    for letter in text.chars().filter(|&letter| is_foreign(letter)) {
        if !letters.contains(letter) {
            letters.push(letter);
        }
    }
    letters
}

/// Letters of other scripts than Latin, Greek, Cyrillic, Armenian and Georgian.
fn is_foreign(letter: char) -> bool {
    letter.is_alphabetic()
        && !matches!(letter, '\0'..='\u{58f}' | '\u{10a0}'..='\u{10ff}' | '\u{1c80}'..='\u{1cbf}' | '\u{1d00}'..='\u{218f}'
            | '\u{2c60}'..='\u{2c7f}' | '\u{a720}'..='\u{a7ff}' | '\u{fb00}'..='\u{fb17}' | '\u{ff21}'..='\u{ff5a}'
            | '\u{1d400}'..='\u{1d7ff}')
}

fn sayable(character: char) -> char {
    if let Some(digit) =
        ZEROS.iter().find_map(|&zero| u32::from(character).checked_sub(u32::from(zero)).filter(|&d| d < 10))
    {
        return char::from_digit(digit, 10).unwrap_or(character);
    }
    if is_foreign(character) || is_emoji(character) || character.is_control() { ' ' } else { character }
}

/// The words for a word that is an address or a name of the kind that programs have; `None` for others.
fn spoken(word: &str) -> Option<String> {
    if let address @ Some(_) = spoken_address(word) {
        return address;
    }
    let body = word.trim_start_matches(OPENING);
    let open = &word[..word.len() - body.len()];
    let called = body.trim_end_matches(CLOSING);
    let close = &body[called.len()..];
    // "main()"
    let (name, close) = match (called.strip_suffix('('), close.strip_prefix(')')) {
        (Some(name), Some(close)) => (name, close),
        _ => (called, close),
    };
    let words = None
        .or_else(|| electronic_mail(name))
        .or_else(|| path(name))
        .or_else(|| numbered(name))
        .or_else(|| dotted(name))
        .or_else(|| identifier(name))
        .or_else(|| well_known(name))
        .or_else(|| (name.len() < called.len()).then(|| name.to_owned()))?;
    Some(format!("{open}{words}{close}"))
}

/// "ada at example dot com"
fn electronic_mail(word: &str) -> Option<String> {
    let (name, host) = word.split_once('@')?;
    let is_host = host.contains('.') && host.split('.').all(|part| part.len() > 1 && part.chars().all(is_of_name));
    if name.is_empty() || !is_host || host.contains('@') {
        return None;
    }
    let name: String = name
        .chars()
        .map(|c| match c {
            '.' => " dot ".to_owned(),
            '_' => " underscore ".to_owned(),
            '-' => " dash ".to_owned(),
            '+' => " plus ".to_owned(),
            _ => c.to_string(),
        })
        .collect();
    Some(format!("{name} at {}", host.replace('.', " dot ")))
}

/// "slash usr slash bin"
fn path(word: &str) -> Option<String> {
    let begins = ["/", "~/", "./", "../"].iter().any(|start| word.starts_with(start));
    let is_path = (begins || word.matches('/').count() > 1)
        && word.contains(char::is_alphabetic)
        && word.chars().all(|c| is_of_name(c) || "/.~".contains(c));
    if !is_path {
        return None;
    }
    let parts = word.split('/').map(|part| match part {
        "~" => "home".to_owned(),
        "." => "dot".to_owned(),
        ".." => "dot dot".to_owned(),
        _ => dotted(part)
            .or_else(|| identifier(part))
            .or_else(|| well_known(part))
            .unwrap_or_else(|| part.replace('.', " dot ")),
    });
    Some(parts.collect::<Vec<_>>().join(" slash ").trim().to_owned())
}

/// "version 1.2", "192 dot 168 dot 0 dot 1", "zero x F F", "C sharp"
fn numbered(word: &str) -> Option<String> {
    let are_numbers =
        |parts: &str| parts.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    if let Some(version) = word.strip_prefix('v').filter(|version| version.contains('.') && are_numbers(version)) {
        return Some(format!("version {version}"));
    }
    if word.matches('.').count() == 3 && are_numbers(word) {
        return Some(word.replace('.', " dot "));
    }
    if let Some(digits) = word.strip_prefix("0x").filter(|d| !d.is_empty() && d.chars().all(|c| c.is_ascii_hexdigit()))
    {
        let digits: Vec<String> = digits.chars().map(|digit| digit.to_ascii_uppercase().to_string()).collect();
        return Some(format!("zero x {}", digits.join(" ")));
    }
    matches!(word, "C#" | "F#").then(|| word.replace('#', " sharp"))
}

/// "main dot rs", "example dot com": parts that are no abbreviation, the last one in lower case.
fn dotted(word: &str) -> Option<String> {
    let is_name = word.contains('.')
        && word.split('.').all(|part| !part.is_empty() && part.chars().all(is_of_name))
        && word.split('.').any(|part| part.len() > 2)
        && word.starts_with(char::is_alphanumeric);
    let last = word.rsplit('.').next().filter(|_| is_name)?;
    let is_ending = last.len() <= 5
        && last.starts_with(|c: char| c.is_ascii_lowercase())
        && last.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let said = |part| well_known(part).or_else(|| identifier(part)).unwrap_or_else(|| part.to_owned());
    is_ending.then(|| word.split('.').map(said).collect::<Vec<_>>().join(" dot "))
}

fn well_known(word: &str) -> Option<String> {
    NAMES.iter().find(|(name, _)| *name == word).map(|(_, said)| (*said).to_owned())
}

/// "read line", of `read_line`; "std fs read", of `std::fs::read`
fn identifier(word: &str) -> Option<String> {
    let is_identifier = (word.contains('_') || word.contains("::"))
        && word.contains(char::is_alphanumeric)
        && word.chars().all(|c| is_of_name(c) || c == ':');
    is_identifier.then(|| word.split(['_', ':']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '-'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_addresses_are_put_into_words() {
        for (text, expected) in [
            ("Write to (ada.l+x@example.co.uk).", "Write to (ada dot l plus x at example dot co dot uk)."),
            ("See https://www.example.com/a?b=1, please.", "See example dot com, please."),
            (
                "Look in /usr/local/bin or ~/notes.txt!",
                "Look in slash user slash local slash bin or home slash notes dot txt!",
            ),
            ("src/main.rs and ../a_b/c", "src/main.rs and dot dot slash a b slash c"),
            ("Call read_line() and std::fs::read, then main().", "Call read line and std fs read, then main."),
            ("Open README.md, my_main.rs, Node.js.", "Open read me dot md, my main dot rs, Node dot js."),
            (
                "It is v1.2.3 at 192.168.0.1 and 0xff in C#.",
                "It is version 1.2.3 at 192 dot 168 dot 0 dot 1 and zero x F F in C sharp.",
            ),
            ("__init__ and _private", "init and private"),
            ("JSON (not YAML).", "Jason (not yammel)."),
        ] {
            assert_eq!(readable(text), expected);
        }
    }

    #[test]
    fn ordinary_text_stays() {
        for text in [
            "The U.S. and the E.U., e.g. in 1999, paid $3.50 for 2.5 kg at 5 p.m.",
            "Either/or, and/or; 1/2, 24/7, 3.14159, 1.2.3 and 10:30.",
            "\"Well-known,\" she said... 'Really?' (Yes.) It's the dogs' bowl.",
            "Me @ home, R&D, AT&T, C++, #1, and :: and ... and …",
            "Über naïve Москва αβγ",
        ] {
            assert_eq!(readable(text), text);
        }
    }

    #[test]
    fn what_nobody_can_say_is_left_out_and_named() {
        assert_eq!(readable("Say 你好 to 世界\u{7}!"), "Say to !");
        assert_eq!(readable("٣ + ۴ = ７"), "3 + 4 = 7");
        assert_eq!(readable("fun 😀 times 👍🏽"), "fun times");
        assert_eq!(unspeakable("你好, مرحبا 你!"), "你好مرحبا");
        assert_eq!(unspeakable("Ελλάδα, Россия, Հայաստան, საქართველო, ﬁne Ａ"), "");
    }

    proptest! {
        #[test]
        fn any_text_is_made_readable_once(text in "\\PC{0,60}|[a-z./_:@0-9 ]{0,60}") {
            let once = readable(&text);
            prop_assert!(unspeakable(&once).is_empty());
            prop_assert!(!once.contains(char::is_control));
            prop_assert!(once.len() <= 12 * text.len() + 16, "{} of {}", once.len(), text.len());
        }
    }
}
