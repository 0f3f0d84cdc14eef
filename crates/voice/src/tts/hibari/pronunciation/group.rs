//! Tokens that were written as one word, and what they share.

use super::{
    MARK_TAGS, MARKS, Token,
    characters::is_lower,
    pattern::Pattern,
    quantity::currency,
    stress::{self, PRIMARY, Stress},
};

/// What is not said within a word.
const JUNK: &str = "',-._‘’/";

/// Cuts tokens into parts and puts those together that no space divides; marks and symbols stand alone.
pub(super) fn groups<'t>(tokens: &[Token<'t>], part: &Pattern) -> Vec<Vec<Token<'t>>> {
    let mut groups: Vec<Vec<Token<'_>>> = Vec::new();
    // Whether the last group takes more.
    let mut open = false;
    let mut amount_of: Option<String> = None;
    for (index, token) in tokens.iter().enumerate() {
        let ranges = part.find_all(&token.text);
        let count = ranges.len();
        for (place, range) in ranges.iter().enumerate() {
            let is_last = place + 1 == count;
            let mut part =
                Token { text: token.text[range.clone()].to_owned(), space: is_last && token.space, ..token.clone() };
            if part.tag == "$" && currency(&part.text).is_some() {
                amount_of = Some(part.text.clone());
                part.phonemes = Some(String::new());
            } else if let Some(mark) = mark(&part) {
                part.phonemes = Some(mark);
            } else if amount_of.is_some() {
                if part.tag != "CD" {
                    amount_of = None;
                } else if is_last && tokens.get(index + 1).is_none_or(|next| next.tag != "CD") {
                    part.currency.clone_from(&amount_of);
                }
            } else if part.text == "2" && place > 0 && !is_last {
                // "face2face"
                let before = token.text[..range.start].chars().next_back();
                let behind = token.text[range.end..].chars().next();
                let between_letters = [before, behind].into_iter().all(|near| near.is_some_and(char::is_alphabetic));
                part.alias = between_letters.then_some("to");
            }
            let alone = part.phonemes.is_some() || part.alias.is_some();
            match groups.last_mut().filter(|_| open && !alone) {
                Some(group) => {
                    part.is_head = false;
                    open = !part.space;
                    group.push(part);
                }
                None => {
                    open = !alone && !part.space;
                    groups.push(vec![part]);
                }
            }
        }
    }
    groups
}

/// The phonemes of a mark; `None` for words.
fn mark(token: &Token<'_>) -> Option<String> {
    if token.tag == ":" && matches!(&token.text[..], "-" | "–") {
        return Some("—".to_owned());
    }
    let is_word = token.text.chars().all(|c| c.is_ascii_alphabetic());
    if !MARK_TAGS.contains(&token.tag) || is_word {
        return None;
    }
    Some(match token.tag {
        "-LRB-" => "(".to_owned(),
        "-RRB-" => ")".to_owned(),
        "``" => "“".to_owned(),
        "\"\"" | "''" => "”".to_owned(),
        _ => token.text.chars().filter(|c| MARKS.contains(*c)).collect(),
    })
}

/// Whether nothing in it is said within a word.
pub(super) fn is_junk(text: &str) -> bool {
    text.chars().all(|c| JUNK.contains(c))
}

/// The token that all of them make.
pub(super) fn merged<'t>(tokens: &[Token<'t>]) -> Token<'t> {
    let capitals = |token: &Token<'_>| {
        token.text.chars().map(|c| if is_lower(c.encode_utf8(&mut [0; 4])) { 1 } else { 2 }).sum::<usize>()
    };
    // The first of the longest, capitals counting twice.
    let longest = tokens.iter().rev().max_by_key(|token| capitals(token));
    Token {
        text: text(tokens),
        tag: longest.map_or("", |token| token.tag),
        space: tokens.last().is_some_and(|token| token.space),
        is_head: tokens.first().is_some_and(|token| token.is_head),
        currency: tokens.iter().filter_map(|token| token.currency.clone()).max(),
        ..Token::default()
    }
}

fn text(tokens: &[Token<'_>]) -> String {
    tokens.iter().map(|token| token.text.as_str()).collect()
}

/// Parts of one word have at most half of its stresses; parts of different kinds, as in "B-52", are words of their own.
pub(super) fn share_stress(tokens: &mut [Token<'_>]) {
    let text = text(tokens);
    let kind = |c: char| {
        if c.is_alphabetic() {
            0
        } else if c.is_ascii_digit() {
            1
        } else {
            2
        }
    };
    let mut kinds: Vec<u8> = text.chars().filter(|c| !JUNK.contains(*c)).map(kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if text.contains('/') || kinds.len() > 1 {
        tokens.iter_mut().skip(1).for_each(|token| token.apart = true);
        return;
    }
    let said = |token: &Token<'_>| token.phonemes.clone().filter(|phonemes| !phonemes.is_empty());
    let mut parts: Vec<(bool, usize, usize)> = tokens
        .iter()
        .enumerate()
        .filter_map(|(index, token)| said(token).map(|p| (p.contains(PRIMARY), stress::weight(&p), index)))
        .collect();
    let primary = parts.iter().filter(|(is_primary, ..)| *is_primary).count();
    let weaker = match parts[..] {
        [(.., first), second] if tokens[first].text.chars().count() == 1 => vec![second],
        _ if parts.len() < 2 || primary <= parts.len().div_ceil(2) => vec![],
        _ => {
            parts.sort_unstable();
            parts.truncate(parts.len() / 2);
            parts
        }
    };
    for (.., index) in weaker {
        let token = &mut tokens[index];
        token.phonemes = token.phonemes.as_deref().map(|phonemes| stress::apply(phonemes, Some(Stress::Weaken)));
    }
}

/// The phonemes of a group, with a space behind if the text has one there.
pub(super) fn joined(tokens: &[Token<'_>]) -> String {
    let mut joined = String::new();
    for token in tokens {
        let phonemes = token.phonemes.as_deref().unwrap_or_default();
        if token.apart && !phonemes.is_empty() && !joined.is_empty() && !joined.ends_with(' ') {
            joined.push(' ');
        }
        joined.push_str(phonemes);
    }
    if tokens.last().is_some_and(|token| token.space) {
        joined.push(' ');
    }
    joined
}
