//! What was said, kept in a file.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use sottovoce_history::{
    self as history, ConversationChange, Filter, HistoryError, Location, MessageState, NewConversation, NewMessage,
    Purpose,
};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::{Role, SottovoceError};

/// A conversation without its messages.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryConversation {
    /// What it is known by.
    pub id: String,
    /// What lists show.
    pub title: String,
    /// Whether it was marked. It does not expire then.
    pub favourite: bool,
    /// What the model is told first.
    pub system: Option<String>,
    /// When it began.
    pub created: SystemTime,
    /// When it began, or a message was last added.
    pub updated: SystemTime,
}

/// A message. Those of a conversation are a tree: a second answer, or an edited question, is a sibling of the first.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryMessage {
    /// What it is known by.
    pub id: String,
    /// The message that it follows; none for a first one.
    pub parent: Option<String>,
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// Whether all of it is there: an answer that somebody stopped is not whole.
    pub whole: bool,
    /// Whether it was marked.
    pub favourite: bool,
    /// When it began.
    pub created: SystemTime,
    /// The model that said it.
    pub model: Option<String>,
}

/// A conversation with its messages, each after the one that it follows.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryTranscript {
    /// The conversation.
    pub conversation: HistoryConversation,
    /// Its messages.
    pub messages: Vec<HistoryMessage>,
}

/// Which conversations to list.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryFilter {
    /// Only those in which every one of these words, or a word that begins so, occurs; case and accents make no difference.
    #[uniffi(default = "")]
    pub search: String,
    /// Only those that were marked, or have a message that was.
    #[uniffi(default = false)]
    pub favourites: bool,
    /// How many at most, up to 200.
    #[uniffi(default = 50)]
    pub limit: u32,
    /// Only those after this one: the last of the page before.
    #[uniffi(default = None)]
    pub after: Option<String>,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryListed {
    /// The conversation.
    pub conversation: HistoryConversation,
    /// The text around the first word of a search that was found in a message.
    pub excerpt: Option<String>,
}

/// A part of the list of conversations, the last updated first.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct HistoryPage {
    /// The conversations.
    pub conversations: Vec<HistoryListed>,
    /// Whether there are others after these.
    pub more: bool,
}

/// Conversations in a file that `sottovoce serve` and other apps can read too. What a call has returned for is on the disk.
#[derive(uniffi::Object)]
pub struct History {
    runtime: Runtime,
    store: Arc<dyn history::History>,
}

impl History {
    fn run<T>(&self, call: impl Future<Output = Result<T, HistoryError>>) -> Result<T, SottovoceError> {
        Ok(self.runtime.block_on(call)?)
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

#[uniffi::export]
impl History {
    /// Opens the history in the file at `path`, which is made where there is none.
    ///
    /// # Errors
    /// The file cannot be opened, or is something else.
    #[uniffi::constructor]
    pub fn open(path: String) -> Result<Arc<Self>, SottovoceError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| SottovoceError::History {
            reason: format!("no thread for the history can be had: {error}"),
        })?;
        let store = runtime.block_on(history::open(&Location::File(path.into()), Purpose::Manage))?;
        Ok(Arc::new(Self { runtime, store }))
    }

    /// Begins a conversation.
    ///
    /// # Errors
    /// The title is longer than 1,000 bytes or the system prompt than 4 MiB; or the database fails, as everywhere below.
    #[uniffi::method(default(title = "", system = None))]
    pub fn create(&self, title: String, system: Option<String>) -> Result<HistoryConversation, SottovoceError> {
        let new = NewConversation { title, system_prompt: system };
        Ok(self.run(self.store.create(new))?.into())
    }

    /// A page of the list, the last updated first.
    ///
    /// # Errors
    /// There is no conversation `after`.
    pub fn list(&self, filter: HistoryFilter) -> Result<HistoryPage, SottovoceError> {
        let HistoryFilter { search, favourites, limit, after } = filter;
        let after = after.as_deref().map(identifier).transpose()?;
        let page = self.run(self.store.list(&Filter { search, favourites, limit, after }))?;
        let listed = page.conversations.into_iter().map(|listed| HistoryListed {
            conversation: listed.conversation.into(),
            excerpt: listed.excerpt.map(|excerpt| excerpt.before + &excerpt.word + &excerpt.after),
        });
        Ok(HistoryPage { conversations: listed.collect(), more: page.more })
    }

    /// A conversation and its messages.
    ///
    /// # Errors
    /// There is no such conversation.
    pub fn transcript(&self, conversation: String) -> Result<HistoryTranscript, SottovoceError> {
        let transcript = self.run(self.store.transcript(identifier(&conversation)?))?;
        Ok(HistoryTranscript {
            conversation: transcript.conversation.into(),
            messages: transcript.messages.into_iter().map(Into::into).collect(),
        })
    }

    /// Adds a message behind `parent`; `whole` is false for an answer that was stopped.
    ///
    /// # Errors
    /// There is no such conversation, no such parent in it, or the text is longer than 4 MiB.
    #[uniffi::method(default(parent = None, model = None, whole = true))]
    pub fn append(
        &self,
        conversation: String,
        role: Role,
        text: String,
        parent: Option<String>,
        model: Option<String>,
        whole: bool,
    ) -> Result<HistoryMessage, SottovoceError> {
        let new = NewMessage {
            conversation: identifier(&conversation)?,
            parent: parent.as_deref().map(identifier).transpose()?,
            role: match role {
                Role::System => history::Role::System,
                Role::User => history::Role::User,
                Role::Assistant => history::Role::Assistant,
                Role::Tool => history::Role::Tool,
            },
            text,
            state: if whole { MessageState::Complete } else { MessageState::Stopped },
            model,
        };
        Ok(self.run(self.store.append(new))?.into())
    }

    /// Changes title or mark, and returns the conversation as it is then.
    ///
    /// # Errors
    /// There is no such conversation, or the title is too long.
    #[uniffi::method(default(title = None, favourite = None))]
    pub fn update(
        &self,
        conversation: String,
        title: Option<String>,
        favourite: Option<bool>,
    ) -> Result<HistoryConversation, SottovoceError> {
        let change = ConversationChange { title, favourite, ..ConversationChange::default() };
        Ok(self.run(self.store.update(identifier(&conversation)?, change))?.into())
    }

    /// Marks a message, or takes the mark away.
    ///
    /// # Errors
    /// There is no such message.
    pub fn set_favourite(&self, message: String, favourite: bool) -> Result<HistoryMessage, SottovoceError> {
        Ok(self.run(self.store.set_favourite(identifier(&message)?, favourite))?.into())
    }

    /// Removes a conversation and its messages.
    ///
    /// # Errors
    /// There is no such conversation.
    pub fn delete(&self, conversation: String) -> Result<(), SottovoceError> {
        self.run(self.store.delete(identifier(&conversation)?))
    }

    /// Removes a message and all that follow it.
    ///
    /// # Errors
    /// There is no such message.
    pub fn delete_message(&self, message: String) -> Result<(), SottovoceError> {
        self.run(self.store.delete_message(identifier(&message)?))
    }

    /// Removes everything, and returns how many conversations that were.
    ///
    /// # Errors
    /// The database fails.
    pub fn delete_all(&self) -> Result<u64, SottovoceError> {
        self.run(self.store.delete_all())
    }

    /// Removes conversations that nobody touched for so many days, but for those that were marked, and returns how many.
    ///
    /// # Errors
    /// The database fails.
    pub fn expire(&self, days: u32) -> Result<u32, SottovoceError> {
        let age = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
        let before = Timestamp::now().checked_sub(age).unwrap_or(Timestamp::MIN);
        Ok(self.run(self.store.expire(before))?.len() as u32)
    }
}

/// # Errors
/// The text is no identifier.
fn identifier(text: &str) -> Result<Uuid, SottovoceError> {
    let parsed = Uuid::parse_str(text);
    parsed.map_err(|_| SottovoceError::input(format!("'{text}' identifies neither a conversation nor a message")))
}

impl From<history::Conversation> for HistoryConversation {
    fn from(conversation: history::Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            title: conversation.title,
            favourite: conversation.favourite,
            system: conversation.system_prompt,
            created: conversation.created.into(),
            updated: conversation.updated.into(),
        }
    }
}

impl From<history::Message> for HistoryMessage {
    fn from(message: history::Message) -> Self {
        Self {
            id: message.id.to_string(),
            parent: message.parent.map(|parent| parent.to_string()),
            role: match message.role {
                history::Role::System => Role::System,
                history::Role::User => Role::User,
                history::Role::Assistant => Role::Assistant,
                history::Role::Tool => Role::Tool,
            },
            text: message.text,
            whole: message.state == MessageState::Complete,
            favourite: message.favourite,
            created: message.created.into(),
            model: message.model,
        }
    }
}
