//! What rows hold, as the types of this crate.

use jiff::Timestamp;
use serde::{Deserialize, de::IntoDeserializer};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{Conversation, HistoryError, MAX_SECONDS, Message, Usage};

const MICROSECONDS: f64 = 1e6;

/// A row of `conversations`.
#[derive(FromRow)]
pub struct ConversationRow {
    pub id: Uuid,
    pub title: String,
    pub favourite: bool,
    pub system_prompt: Option<String>,
    pub created: i64,
    pub updated: i64,
}

/// A row of the list of conversations.
#[derive(FromRow)]
pub struct ListedRow {
    #[sqlx(flatten)]
    pub conversation: ConversationRow,
    /// The last message in which a search found its words.
    pub found: Option<Uuid>,
}

/// A row of `messages`.
#[derive(FromRow)]
pub struct MessageRow {
    pub id: Uuid,
    pub conversation: Uuid,
    pub parent: Option<Uuid>,
    pub role: String,
    pub text: String,
    pub state: String,
    pub favourite: bool,
    pub created: i64,
    pub model: Option<String>,
    pub prompt_tokens: Option<i64>,
    pub cached_tokens: Option<i64>,
    pub completion_tokens: Option<i64>,
    pub microseconds: Option<i64>,
}

impl TryFrom<ConversationRow> for Conversation {
    type Error = HistoryError;

    fn try_from(row: ConversationRow) -> Result<Self, HistoryError> {
        Ok(Self {
            id: row.id,
            title: row.title,
            favourite: row.favourite,
            system_prompt: row.system_prompt,
            created: time(row.created)?,
            updated: time(row.updated)?,
        })
    }
}

impl TryFrom<MessageRow> for Message {
    type Error = HistoryError;

    fn try_from(row: MessageRow) -> Result<Self, HistoryError> {
        let usage = row.microseconds.map(|microseconds| {
            Ok(Usage {
                prompt_tokens: count(row.prompt_tokens)?,
                cached_tokens: count(row.cached_tokens)?,
                completion_tokens: count(row.completion_tokens)?,
                seconds: microseconds as f64 / MICROSECONDS,
            })
        });
        Ok(Self {
            id: row.id,
            conversation: row.conversation,
            parent: row.parent,
            role: word(&row.role)?,
            text: row.text,
            state: word(&row.state)?,
            favourite: row.favourite,
            created: time(row.created)?,
            model: row.model,
            usage: usage.transpose().map_err(decode::<std::num::TryFromIntError>)?,
        })
    }
}

/// Microseconds of an answer, as the tables have them.
pub fn microseconds(usage: &Usage) -> i64 {
    (usage.seconds.clamp(0.0, MAX_SECONDS) * MICROSECONDS).round() as i64
}

fn count(number: Option<i64>) -> Result<u32, std::num::TryFromIntError> {
    number.unwrap_or_default().try_into()
}

fn time(microseconds: i64) -> Result<Timestamp, HistoryError> {
    Timestamp::from_microsecond(microseconds).map_err(decode)
}

/// A variant of an enum by the name that serde gives it, which is the one in the tables.
fn word<'a, T: Deserialize<'a>>(name: &'a str) -> Result<T, HistoryError> {
    T::deserialize(name.into_deserializer()).map_err(decode::<serde::de::value::Error>)
}

/// Somebody else has written into the tables.
fn decode<E: std::error::Error + Send + Sync + 'static>(error: E) -> HistoryError {
    HistoryError::Database(sqlx::Error::Decode(error.into()))
}
