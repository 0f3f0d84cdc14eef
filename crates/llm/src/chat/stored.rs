//! Conversations on disk.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Conversation, Message};
use crate::snapshot::{self, Snapshot};
use crate::{LanguageModel, LlmError};

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

/// A copy of a conversation, to be stored while the conversation goes on.
pub struct ConversationSnapshot {
    text: String,
    state: Option<Snapshot>,
}

impl ConversationSnapshot {
    /// Bytes of its text, tokens, keys and values.
    pub fn bytes(&self) -> usize {
        let of_state = |state: &Snapshot| {
            size_of_val(&state.tokens[..]) + state.rows.iter().map(|rows| rows.bytes().len()).sum::<usize>()
        };
        self.text.len() + self.state.as_ref().map_or(0, of_state)
    }

    /// Stores it at `path`, where it replaces what is there as a whole.
    ///
    /// # Errors
    /// As [`snapshot::write`].
    pub fn write(&self, path: &Path) -> Result<(), LlmError> {
        snapshot::write(path, &self.text, self.state.as_ref())
    }
}

impl<M: LanguageModel> Conversation<M> {
    /// A copy of the conversation; with `state`, also of the keys and values, which may be hundreds of megabytes. `model` is
    /// what the program calls the model.
    ///
    /// # Errors
    /// With `state` as [`Session::snapshot`](crate::generate::Session::snapshot).
    pub fn snapshot(&self, model: &str, state: bool) -> Result<ConversationSnapshot, LlmError> {
        let (messages, forgotten) = (self.messages().to_vec(), self.forgotten());
        let stored = StoredConversation { model: model.to_owned(), messages, forgotten };
        let text =
            serde_json::to_string(&stored).map_err(|_| LlmError::Conversation("has messages that are no JSON"))?;
        let state = if state { Some(self.session.snapshot()?) } else { None };
        Ok(ConversationSnapshot { text, state })
    }

    /// Stores the conversation at `path`, where it replaces what is there as a whole: [`snapshot`](Self::snapshot), and
    /// [`write`](ConversationSnapshot::write).
    ///
    /// # Errors
    /// Those of both.
    pub fn store(&self, path: &Path, model: &str, state: bool) -> Result<(), LlmError> {
        self.snapshot(model, state)?.write(path)
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
