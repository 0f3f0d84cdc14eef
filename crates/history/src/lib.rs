//! Conversations, kept in SQLite or PostgreSQL.
//!
//! [`open`] gives a [`History`]; every store keeps the same and finds the same. This crate knows neither models nor HTTP.

mod conversation;
mod error;
mod history;
mod location;
mod message;
mod time;

pub use conversation::{
    Conversation, ConversationChange, Excerpt, Filter, Listed, MAX_PAGE, MAX_TITLE_BYTES, NewConversation, Page,
    Transcript,
};
pub use error::HistoryError;
pub use history::{History, Imported, TEND_INTERVAL};
pub use location::{Location, Purpose};
pub use message::{Continue, Ending, MAX_TEXT_BYTES, Message, MessageState, NewMessage, Role, Usage};
