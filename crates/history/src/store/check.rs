//! What is checked and cleaned before it is stored.

use std::borrow::Cow;

use crate::{HistoryError, MAX_TEXT_BYTES, MAX_TITLE_BYTES};

/// A text that both databases can hold.
pub fn text<'a>(what: &'static str, text: &'a str) -> Result<Cow<'a, str>, HistoryError> {
    bounded(what, text, MAX_TEXT_BYTES)
}

/// The same for a short one.
pub fn title<'a>(what: &'static str, text: &'a str) -> Result<Cow<'a, str>, HistoryError> {
    bounded(what, text, MAX_TITLE_BYTES)
}

fn bounded<'a>(what: &'static str, text: &'a str, limit: usize) -> Result<Cow<'a, str>, HistoryError> {
    if text.len() > limit {
        return Err(HistoryError::TooLong { what, found: text.len(), limit });
    }
    Ok(if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() })
}
