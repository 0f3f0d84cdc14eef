//! Conversations, and lists of them.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{Ref, RefOr, Schema},
};
use uuid::Uuid;

use crate::{Message, time};

/// Longest title, in bytes.
pub const MAX_TITLE_BYTES: usize = 1_000;
/// Most conversations that one call of [`list`](crate::History::list) returns.
pub const MAX_PAGE: u32 = 200;

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// UUID of version 7.
    pub id: Uuid,
    /// What lists show.
    pub title: String,
    /// Whether the user marked it. [Expiry](crate::History::expire) leaves it alone then.
    pub favourite: bool,
    /// What the model is told first; that of the settings where there is none.
    pub system_prompt: Option<String>,
    /// When it began.
    #[serde(with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub created: Timestamp,
    /// When it began, or a message was last added or ended. New titles and marks leave it in its place.
    #[serde(with = "time")]
    #[schema(value_type = String, format = DateTime)]
    pub updated: Timestamp,
}

/// A conversation to be.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NewConversation {
    /// See [`Conversation::title`].
    pub title: String,
    /// See [`Conversation::system_prompt`].
    pub system_prompt: Option<String>,
}

/// What to change about a conversation; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConversationChange {
    /// See [`Conversation::title`].
    pub title: Option<String>,
    /// See [`Conversation::favourite`].
    pub favourite: Option<bool>,
    /// See [`Conversation::system_prompt`]; `Some(None)` takes it away.
    pub system_prompt: Option<Option<String>>,
}

/// Which conversations to list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only those with a title or a message in which every one of these words, or a word that begins so, occurs; case
    /// and accents make no difference. No words, no condition. Answers are found when they have ended.
    pub search: String,
    /// Only favourites, and those with a message that is one.
    pub favourites: bool,
    /// How many at most, up to [`MAX_PAGE`].
    pub limit: u32,
    /// Only those after this one in the list: the last of the page before.
    pub after: Option<Uuid>,
}

/// A part of the list of conversations.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Page {
    /// The conversations, the last updated first.
    pub conversations: Vec<Listed>,
    /// Whether there are others after these.
    pub more: bool,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Listed {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Where the words of the search were found last; nothing without a search, or where only the title has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// One object: a conversation with another member, which its own schema does not allow.
impl PartialSchema for Listed {
    fn schema() -> RefOr<Schema> {
        let mut schema = Conversation::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.properties.insert("excerpt".to_owned(), Ref::from_schema_name(Excerpt::name()).into());
        }
        schema
    }
}

impl ToSchema for Listed {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((Excerpt::name().into_owned(), Excerpt::schema()));
        Excerpt::schemas(schemas);
        Conversation::schemas(schemas);
    }
}

/// The place of a message where a search found its first word, with a little of the text around it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Excerpt {
    /// The message.
    pub message: Uuid,
    /// Text before the word.
    pub before: String,
    /// The word.
    pub word: String,
    /// Text after it.
    pub after: String,
}

/// A conversation with all its messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transcript {
    /// The conversation.
    pub conversation: Conversation,
    /// Its messages, each after the one that it answers, otherwise the oldest first.
    pub messages: Vec<Message>,
}

impl Transcript {
    /// The messages from the first of the conversation to `last`: what a model answers to. Empty where `last` is not
    /// in the conversation.
    pub fn thread(&self, last: Uuid) -> Vec<&Message> {
        let by_id: HashMap<Uuid, &Message> = self.messages.iter().map(|message| (message.id, message)).collect();
        let up = |message: &&Message| message.parent.and_then(|parent| by_id.get(&parent).copied());
        let mut thread: Vec<&Message> = std::iter::successors(by_id.get(&last).copied(), up).collect();
        thread.reverse();
        thread
    }
}
