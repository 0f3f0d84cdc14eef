//! The crate's one error type.

use std::{io, path::PathBuf};

use uuid::Uuid;

/// What can go wrong with stored conversations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// The conversation was deleted, has expired, or never was.
    #[error("there is no conversation {id}")]
    NoConversation {
        /// Conversation asked for.
        id: Uuid,
    },
    /// The message was deleted, has expired, or never was.
    #[error("there is no message {id}")]
    NoMessage {
        /// Message asked for.
        id: Uuid,
    },
    /// A message follows only messages of its own conversation.
    #[error("message {parent} is not in conversation {conversation}, so nothing can follow it there")]
    NoParent {
        /// Conversation of the new message.
        conversation: Uuid,
        /// Message that it should follow.
        parent: Uuid,
    },
    /// Only the server that is making an answer writes it.
    #[error("message {id} is not an answer that this server is making")]
    NotStreaming {
        /// Message that should have been written.
        id: Uuid,
    },
    /// Answers are made by servers.
    #[error("this history was opened to look at and to change; only a server makes answers")]
    NotServing,
    /// A text exceeds its limit.
    #[error("{what} has {found} bytes; the limit is {limit}")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// Its length in bytes.
        found: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A second server on one file.
    #[error("another server is using {}; stop it, or choose another folder with --data-dir", path.display())]
    InUse {
        /// The database.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error("{} is not a history, or it is damaged ({reason}); move it away, or choose another folder", path.display())]
    NotAHistory {
        /// The file.
        path: PathBuf,
        /// What the database says.
        reason: String,
    },
    /// A later version of the program changed the tables.
    #[error(
        "{location} was made by a newer version of sottovoce (its tables have version {found}, this program knows up to \
         {known}); update sottovoce"
    )]
    Newer {
        /// File or server.
        location: String,
        /// Version of its tables.
        found: i64,
        /// Latest version that is known here.
        known: i64,
    },
    /// The file or server cannot be opened.
    #[error("cannot open the history in {location}: {reason}")]
    Open {
        /// File or server.
        location: String,
        /// Cause.
        reason: String,
    },
    /// A file or folder beside the database could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, `create` for instance.
        action: &'static str,
        /// File or folder.
        path: PathBuf,
        /// Cause from the operating system.
        source: io::Error,
    },
    /// What should be imported is not an export, or not consistent.
    #[error("cannot import this: {0}")]
    Import(String),
    /// The database failed.
    #[error("the history's database failed: {0}")]
    Database(#[from] sqlx::Error),
}
