//! What strings are made of.

/// Whether there are letters only, at least one.
pub(super) fn is_letters(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphabetic)
}

/// Whether there are the digits 0 to 9 only, at least one.
pub(super) fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The last `count` characters, or all of them.
pub(super) fn last(text: &str, count: usize) -> &str {
    let start = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(index, _)| index);
    &text[start..]
}

/// Whether there is nothing in lower case, as in "NASA", "7" and "!".
pub(super) fn is_upper(text: &str) -> bool {
    text == text.to_uppercase()
}

/// Whether there is nothing in upper case.
pub(super) fn is_lower(text: &str) -> bool {
    text == text.to_lowercase()
}

/// The first letter in upper case, the others in lower case.
pub(super) fn capitalized(text: &str) -> String {
    let mut rest = text.chars();
    rest.next()
        .map_or(String::new(), |first| first.to_uppercase().chain(rest.as_str().to_lowercase().chars()).collect())
}
