//! What is checked and cleaned before it is stored.

use std::{borrow::Cow, collections::HashSet};

use crate::{HistoryError, MAX_TEXT_BYTES, MAX_TITLE_BYTES, Message, Transcript, tree::in_order};

/// Conversations from elsewhere: the messages of each, every one after the one that it follows.
pub fn transcripts(transcripts: &[Transcript]) -> Result<Vec<Vec<&Message>>, HistoryError> {
    let mut seen = HashSet::new();
    let mut checked = Vec::with_capacity(transcripts.len());
    for (index, found) in transcripts.iter().enumerate() {
        let refused = |reason| HistoryError::Import(format!("conversations[{index}]{reason}"));
        if !seen.insert(found.conversation.id) {
            return Err(refused(format!(": there is another conversation {}", found.conversation.id)));
        }
        checked.push(transcript(found).map_err(refused)?);
    }
    Ok(checked)
}

/// The messages of one; or where something is wrong, and what.
fn transcript(transcript: &Transcript) -> Result<Vec<&Message>, String> {
    let conversation = &transcript.conversation;
    title("the title", &conversation.title).map_err(|error| format!(": {error}"))?;
    if let Some(prompt) = &conversation.system_prompt {
        text("the system prompt", prompt).map_err(|error| format!(": {error}"))?;
    }
    for (index, message) in transcript.messages.iter().enumerate() {
        let refused = |error: HistoryError| format!(".messages[{index}]: {error}");
        text("the message", &message.text).map_err(refused)?;
        if let Some(model) = &message.model {
            title("the model's name", model).map_err(refused)?;
        }
        if message.conversation != conversation.id {
            let (theirs, ours) = (message.conversation, conversation.id);
            return Err(format!(".messages[{index}]: it belongs to conversation {theirs}, not to {ours}"));
        }
    }
    in_order(&transcript.messages).map_err(|(index, reason)| format!(".messages[{index}]: {reason}"))
}

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
