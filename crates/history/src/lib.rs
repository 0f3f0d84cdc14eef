//! Conversations, kept in SQLite or PostgreSQL.
//!
//! [`open`] gives a [`History`]; every store keeps the same and finds the same. This crate knows neither models nor HTTP.
//!
//! ```
//! use sottovoce_history::{Filter, Location, MessageState, NewConversation, NewMessage, Purpose, Role, open};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let folder = tempfile::tempdir()?;
//! let history = open(&Location::File(folder.path().join("history.sqlite")), Purpose::Serve).await?;
//! let new = NewConversation { title: "Trees".to_owned(), ..NewConversation::default() };
//! let conversation = history.create(new).await?.id;
//! let question = NewMessage {
//!     conversation,
//!     parent: None,
//!     role: Role::User,
//!     text: "How old do oaks get?".to_owned(),
//!     state: MessageState::Complete,
//!     model: None,
//! };
//! history.append(question).await?;
//! let found = history.list(&Filter { search: "oaks".to_owned(), limit: 10, ..Filter::default() }).await?;
//! assert_eq!(found.conversations.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
