//! What single words and characters are.

/// Abbreviations that a name, a number or the rest of the sentence follows, so that their point ends nothing.
const ABBREVIATIONS: [&str; 42] = [
    "adm", "approx", "apr", "aug", "ave", "capt", "cf", "col", "dec", "dept", "dr", "e.g", "ed", "est", "feb", "fig",
    "gen", "gov", "hon", "i.e", "jan", "lt", "maj", "mr", "mrs", "ms", "mt", "nov", "nos", "oct", "pp", "pres", "prof",
    "rep", "rev", "sen", "sept", "sgt", "st", "viz", "vol", "vs",
];

/// Words that begin a part of a sentence: before them is a better place to breathe than elsewhere.
const JOINING: [&str; 18] = [
    "and", "or", "but", "because", "which", "that", "who", "when", "while", "where", "if", "so", "though", "although",
    "since", "until", "with", "before",
];

/// Whether the point behind `word`, the last of a clause so far, does not end a sentence that `next` follows.
pub(crate) fn is_abbreviation(word: &str, next: char) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let mut letters = word.chars();
    let initial =
        matches!((letters.next(), letters.next()), (Some(letter), None) if letter.is_uppercase() && letter != 'I');
    let number = word.eq_ignore_ascii_case("no") && next.is_ascii_digit();
    initial || number || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Whether a clause may be cut before `word`.
pub(super) fn is_joining(word: &str) -> bool {
    JOINING.contains(&word)
}

/// How an address on the web is said: its host alone. `None` for other words.
pub(crate) fn spoken_address(word: &str) -> Option<String> {
    let opening = word.len() - word.trim_start_matches(['(', '"', '\'', '“', '<']).len();
    let (open, address) = word.split_at(opening);
    let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '”', '>']);
    let close = &word[open.len() + address.len()..];
    let bare = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme));
    let bare = bare.or_else(|| address.starts_with("www.").then_some(address))?;
    let host = bare.split(['/', '?', '#', ':']).next().filter(|host| !host.is_empty())?;
    Some(format!("{open}{}{close}", host.strip_prefix("www.").unwrap_or(host).replace('.', " dot ")))
}

/// Pictures, and what changes how they look: Unicode's emoji and dingbats, technical and geometric symbols, tags, the joiner,
/// variation selectors, the frame of a keycap.
pub(crate) fn is_emoji(character: char) -> bool {
    matches!(character,
        '\u{200d}' | '\u{20e3}' | '\u{2300}'..='\u{23ff}' | '\u{25a0}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{e0020}'..='\u{e007f}')
}
