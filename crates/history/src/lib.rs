//! Conversations, kept in SQLite or PostgreSQL.
//!
//! [`open`] gives a [`History`]; every store keeps the same and finds the same. This crate knows neither models nor HTTP.

mod conversation;
mod database;
mod error;
mod export;
mod history;
mod location;
mod markdown;
mod message;
mod store;
mod time;
mod tree;
mod words;

use std::sync::Arc;

pub use conversation::{
    Conversation, ConversationChange, Excerpt, Filter, Listed, MAX_PAGE, MAX_TITLE_BYTES, NewConversation, Page,
    Transcript,
};
pub use error::HistoryError;
pub use export::{Export, JsonExport, MAX_EXPORT_BYTES, parse_export};
pub use history::{History, Imported, TEND_INTERVAL};
pub use location::{Location, Purpose};
pub use markdown::markdown;
pub use message::{Continue, Ending, MAX_SECONDS, MAX_TEXT_BYTES, Message, MessageState, NewMessage, Role, Usage};

/// Opens the history at `location`, which is made where there is none.
///
/// # Errors
/// It cannot be opened, is something else, was made by a newer version, or is a file that another server uses.
pub async fn open(location: &Location, purpose: Purpose) -> Result<Arc<dyn History>, HistoryError> {
    let (database, lock) = match location {
        Location::File(path) => database::open_sqlite(path, purpose).await?,
        Location::Postgres(url) => (database::open_postgres(url, &location.to_string()).await?, None),
    };
    Ok(Arc::new(store::Store::new(database, purpose, lock).await?))
}
