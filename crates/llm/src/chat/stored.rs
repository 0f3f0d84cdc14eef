//! Conversations on disk.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Conversation, Message};
use crate::{LanguageModel, LlmError, snapshot};

/// What a file holds of a conversation besides the model's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredConversation {
    /// What the program that stored it calls the model.
    pub model: String,
    /// What was said.
    pub messages: Vec<Message>,
    /// How many messages behind the system's the model no longer sees.
    pub forgotten: usize,
}

impl StoredConversation {
    /// Reads the file at `path`. Returns also how many tokens of the model's state it holds.
    ///
    /// # Errors
    /// As [`snapshot::read_text`], or the file holds no conversation.
    pub fn read(path: &Path) -> Result<(Self, usize), LlmError> {
        let (text, tokens) = snapshot::read_text(path)?;
        Ok((Self::parse(&text, path)?, tokens))
    }

    fn parse(text: &str, path: &Path) -> Result<Self, LlmError> {
        let stored: Self = serde_json::from_str(text).map_err(|error| LlmError::Snapshot {
            path: path.to_owned(),
            reason: format!("it holds no conversation: {error}"),
        })?;
        if stored.forgotten >= stored.messages.len().max(1) {
            let reason = format!("{} of {} messages are forgotten", stored.forgotten, stored.messages.len());
            return Err(LlmError::Snapshot { path: path.to_owned(), reason });
        }
        Ok(stored)
    }
}

/// What of a stored conversation need not be computed again.
#[derive(Debug)]
pub enum Resumed {
    /// So many tokens: the state is bit for bit what it was.
    State(usize),
    /// Nothing: the file has the messages alone.
    Messages,
    /// Nothing: the state in the file is of no use here. The next question computes the messages again.
    Unusable(LlmError),
}

impl<M: LanguageModel> Conversation<M> {
    /// Stores the conversation at `path`, where it replaces what is there as a whole; with `state`, also the keys and
    /// values, which may be hundreds of megabytes. `model` is what the program calls the model.
    ///
    /// # Errors
    /// As [`snapshot::write`], and with `state` as [`Session::snapshot`](crate::generate::Session::snapshot).
    pub fn store(&self, path: &Path, model: &str, state: bool) -> Result<(), LlmError> {
        let (messages, forgotten) = (self.messages().to_vec(), self.forgotten());
        let stored = StoredConversation { model: model.to_owned(), messages, forgotten };
        let text = serde_json::to_string(&stored).map_err(|error| LlmError::Snapshot {
            path: path.to_owned(),
            reason: format!("the messages cannot be written: {error}"),
        })?;
        let snapshot = if state { Some(self.session.snapshot()?) } else { None };
        snapshot::write(path, &text, snapshot.as_ref())
    }

    /// Takes up the conversation that is stored at `path` in place of this one.
    ///
    /// # Errors
    /// As [`snapshot::read`], or the file holds no conversation; this conversation is unchanged then.
    pub fn resume(&mut self, path: &Path) -> Result<Resumed, LlmError> {
        let contents = snapshot::read(path)?;
        let stored = StoredConversation::parse(&contents.text, path)?;
        self.session.reset();
        self.history.messages = stored.messages;
        self.history.forgotten = stored.forgotten;
        Ok(match contents.snapshot {
            None => Resumed::Messages,
            Some(snapshot) => match self.session.restore(&snapshot) {
                Ok(()) => Resumed::State(snapshot.tokens.len()),
                Err(error) => Resumed::Unusable(error),
            },
        })
    }
}
