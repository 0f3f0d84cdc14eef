//! Messages. Those of a conversation are a tree: a second answer, or an edited question, is a sibling of the first.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time;

/// Longest text of a message or a system prompt, in bytes.
pub const MAX_TEXT_BYTES: usize = 4 << 20;

/// Longest time that [`Usage::seconds`] can be: 31 years.
pub const MAX_SECONDS: f64 = 1e9;

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// UUID of version 7.
    pub id: Uuid,
    /// The conversation that it belongs to.
    pub conversation: Uuid,
    /// The message that it follows, in the same conversation; none for a first one.
    pub parent: Option<Uuid>,
    /// Who speaks.
    pub role: Role,
    /// What is said. NUL characters, which PostgreSQL cannot hold, became U+FFFD.
    pub text: String,
    /// How far it is.
    pub state: MessageState,
    /// Whether the user marked it.
    pub favourite: bool,
    /// When it began.
    #[serde(with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// The model that said it.
    pub model: Option<String>,
    /// What the answer took.
    pub usage: Option<Usage>,
}

/// Who speaks in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever instructs the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool that the model called.
    Tool,
}

impl Role {
    /// The name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// How far a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// All of it is there.
    Complete,
    /// A server is writing it.
    Streaming,
    /// Its end was not waited for: somebody stopped it.
    Stopped,
    /// Its server went away in the middle.
    Interrupted,
}

impl MessageState {
    /// The name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Streaming => "streaming",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
        }
    }
}

/// What an answer took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AnswerUsage)]
pub struct Usage {
    /// Tokens of everything the model was given.
    pub prompt_tokens: u32,
    /// How many of those were known already.
    pub cached_tokens: u32,
    /// Tokens of the answer.
    pub completion_tokens: u32,
    /// Seconds from the request to the end, up to [`MAX_SECONDS`], kept to the microsecond.
    #[serde(deserialize_with = "seconds")]
    pub seconds: f64,
}

/// A time in seconds, to the microsecond, so that it stays the same however often it is written and read.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let seconds = f64::deserialize(deserializer)?;
    if (0.0..=MAX_SECONDS).contains(&seconds) {
        return Ok((seconds * 1e6).round() / 1e6);
    }
    Err(D::Error::custom(format!("{seconds} seconds are not between 0 and {MAX_SECONDS}")))
}

/// A message to be.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMessage {
    /// See [`Message::conversation`].
    pub conversation: Uuid,
    /// See [`Message::parent`].
    pub parent: Option<Uuid>,
    /// See [`Message::role`].
    pub role: Role,
    /// See [`Message::text`].
    pub text: String,
    /// [`Streaming`](MessageState::Streaming) for an answer that [`write`](crate::History::write) and
    /// [`finish`](crate::History::finish) will fill.
    pub state: MessageState,
    /// See [`Message::model`].
    pub model: Option<String>,
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// All of its text.
    pub text: String,
    /// How far it got; [`Streaming`](MessageState::Streaming) counts as interrupted.
    pub state: MessageState,
    /// What it took.
    pub usage: Option<Usage>,
}

/// What to do about an answer in the making, after a part of it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continue {
    /// Go on.
    Yes,
    /// Somebody [asked to stop](crate::History::request_stop) it.
    No,
}
