//! What every store of conversations can do.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Continue, Conversation, ConversationChange, Ending, Filter, HistoryError, Message, NewConversation, NewMessage,
    Page, Transcript,
};

/// How often a server has to call [`History::tend`].
pub const TEND_INTERVAL: Duration = Duration::from_secs(5);

/// What was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, ToSchema)]
pub struct Imported {
    /// Conversations that were not here.
    pub conversations: u64,
    /// Messages that were not here.
    pub messages: u64,
}

/// A store of conversations and settings, for one person or household. What a call has returned for is on the disk; what was
/// removed from a SQLite store is no longer in its files.
///
/// Several servers may share a PostgreSQL store. A streaming message belongs to the server that appended it, as long as
/// that shows that it lives ([`tend`](Self::tend)); what a dead one leaves behind is marked as interrupted. A SQLite store
/// has one server, and any number of others who look at it or change what is finished.
#[async_trait]
pub trait History: Send + Sync {
    /// Begins a conversation.
    ///
    /// # Errors
    /// The title or the system prompt is too long, or the database fails (as everywhere below).
    async fn create(&self, new: NewConversation) -> Result<Conversation, HistoryError>;

    /// A conversation.
    ///
    /// # Errors
    /// There is no such conversation.
    async fn conversation(&self, id: Uuid) -> Result<Conversation, HistoryError>;

    /// A conversation and its messages as they were at one moment.
    ///
    /// # Errors
    /// There is no such conversation.
    async fn transcript(&self, id: Uuid) -> Result<Transcript, HistoryError>;

    /// A page of the list of conversations, the last updated first.
    ///
    /// # Errors
    /// There is no conversation [`Filter::after`], or the search is longer than a title may be.
    async fn list(&self, filter: &Filter) -> Result<Page, HistoryError>;

    /// All conversations, the oldest first.
    ///
    /// # Errors
    /// The database fails.
    async fn ids(&self) -> Result<Vec<Uuid>, HistoryError>;

    /// Changes a conversation, and returns it as it is then.
    ///
    /// # Errors
    /// There is no such conversation, or what it would be is too long.
    async fn update(&self, id: Uuid, change: ConversationChange) -> Result<Conversation, HistoryError>;

    /// Removes a conversation and its messages.
    ///
    /// # Errors
    /// There is no such conversation.
    async fn delete(&self, id: Uuid) -> Result<(), HistoryError>;

    /// Removes all conversations, and returns how many those were. Settings stay.
    ///
    /// # Errors
    /// The database fails.
    async fn delete_all(&self) -> Result<u64, HistoryError>;

    /// Removes conversations that have not been touched since `before`, and returns them. Favourites, conversations with
    /// a favourite message and those with an answer in the making stay. Every change touches, and so does an import.
    ///
    /// # Errors
    /// The database fails.
    async fn expire(&self, before: Timestamp) -> Result<Vec<Uuid>, HistoryError>;

    /// Adds a message to a conversation.
    ///
    /// # Errors
    /// There is no such conversation, or no such parent in it; the text, or the model's name, is too long; the message is
    /// streaming and the store was not [opened](crate::open) for a server.
    async fn append(&self, new: NewMessage) -> Result<Message, HistoryError>;

    /// Replaces the text of an answer that this server is making by `text`, which is longer.
    ///
    /// # Errors
    /// There is no such message any more, it is not one that this server is making, it is too long, or the store was not
    /// [opened](crate::open) for a server.
    async fn write(&self, id: Uuid, text: &str) -> Result<Continue, HistoryError>;

    /// Ends an answer that this server is making, and returns it.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    async fn finish(&self, id: Uuid, ending: Ending) -> Result<Message, HistoryError>;

    /// Asks the server that makes an answer, whichever that is, to stop. It learns that from [`write`](Self::write).
    /// Nothing happens where the answer has ended.
    ///
    /// # Errors
    /// There is no such message.
    async fn request_stop(&self, id: Uuid) -> Result<(), HistoryError>;

    /// A message.
    ///
    /// # Errors
    /// There is no such message.
    async fn message(&self, id: Uuid) -> Result<Message, HistoryError>;

    /// Marks a message as a favourite, or no longer, and returns it as it is then.
    ///
    /// # Errors
    /// There is no such message.
    async fn set_favourite(&self, id: Uuid, favourite: bool) -> Result<Message, HistoryError>;

    /// Removes a message and all that follow it.
    ///
    /// # Errors
    /// There is no such message.
    async fn delete_message(&self, id: Uuid) -> Result<(), HistoryError>;

    /// The settings that were saved last.
    ///
    /// # Errors
    /// The database fails.
    async fn settings(&self) -> Result<Option<Value>, HistoryError>;

    /// Replaces the settings.
    ///
    /// # Errors
    /// The document is too long.
    async fn save_settings(&self, settings: &Value) -> Result<(), HistoryError>;

    /// Adds conversations with the identifiers that they have, all or none of them. Conversations and messages that are
    /// here already stay as they are, so that importing twice changes nothing. Streaming messages become interrupted.
    ///
    /// # Errors
    /// A transcript is not consistent in itself, or with what is here.
    async fn import(&self, transcripts: &[Transcript]) -> Result<Imported, HistoryError>;

    /// Shows others that this server lives, and marks as interrupted what dead ones left behind; returns how many
    /// messages those were. To be called every [`TEND_INTERVAL`]; opening a store does it once.
    ///
    /// # Errors
    /// The store was not [opened](crate::open) for a server.
    async fn tend(&self) -> Result<u64, HistoryError>;

    /// Marks as interrupted what this server has not finished, and closes the store.
    async fn close(&self);
}
