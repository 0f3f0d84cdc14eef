//! What answers conversations: the model in this process, or a server elsewhere.

use std::{
    collections::HashSet,
    sync::{Arc, atomic::AtomicBool},
};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use sottovoce_llm::{LlmError, chat::Message, generate::FinishReason};
use uuid::Uuid;

use super::Occupancy;
use crate::ServerError;

/// A conversation that waits for an answer.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    /// Which one it is, so that what was computed for it before is found; `None` for one that nobody goes on with.
    pub conversation: Option<Uuid>,
    /// What was said, the question last.
    pub messages: Vec<Message>,
    /// How the answer is made.
    pub options: ChatOptions,
    /// Set by whoever wants no more. A model in this process ends the answer before its next token, and tells what it took.
    pub stop: Arc<AtomicBool>,
}

/// How an answer is made; `None` is as the model's makers recommend.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChatOptions {
    /// Divides the logits; 0 takes the likeliest token.
    pub temperature: Option<f32>,
    /// How many of the likeliest tokens to choose from.
    pub top_k: Option<usize>,
    /// The probability that the tokens to choose from have together.
    pub top_p: Option<f32>,
    /// Tokens of the answer at most.
    pub max_tokens: Option<usize>,
    /// Whether what is computed of the conversation outlives its place in memory, and the process.
    pub keep_state: bool,
}

impl ChatOptions {
    /// Checks that every value is in its range.
    ///
    /// # Errors
    /// [`LlmError::Option`].
    pub fn check(&self) -> Result<(), LlmError> {
        let refuse = |option, found: String, expected| Err(LlmError::Option { option, found, expected });
        match *self {
            Self { temperature: Some(t), .. } if !(0.0..=5.0).contains(&t) => {
                refuse("temperature", t.to_string(), "a number from 0 to 5")
            }
            Self { top_p: Some(p), .. } if !(p > 0.0 && p <= 1.0) => {
                refuse("top_p", p.to_string(), "a number above 0 and at most 1")
            }
            Self { max_tokens: Some(0), .. } => refuse("max_tokens", "0".to_owned(), "1 or more"),
            _ => Ok(()),
        }
    }
}

/// What happens while an answer is made.
#[derive(Clone, Debug, PartialEq)]
pub enum ChatEvent {
    /// The model in this process begins to read so many tokens. Text follows token by token.
    Reading(usize),
    /// It goes on with this.
    Text(String),
    /// It has ended.
    Finished {
        /// Why.
        reason: FinishReason,
        /// What it took; `None` where the server elsewhere does not say.
        usage: Option<ChatUsage>,
    },
}

/// What an answer took, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChatUsage {
    /// Of everything that the model was given.
    pub prompt_tokens: usize,
    /// Those of them that were known already.
    pub cached_tokens: usize,
    /// Of the answer.
    pub completion_tokens: usize,
}

/// An answer in the making. It ends with [`ChatEvent::Finished`] or an error. Dropping it ends the work on it, in this
/// process before the next token.
pub type ChatEvents = BoxStream<'static, Result<ChatEvent, ServerError>>;

/// A language model that answers conversations, many at a time.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// What it is called.
    fn name(&self) -> &str;

    /// Tokens that it reads and writes in a conversation at most, if that is known. Older turns are left out of one that is
    /// longer.
    fn context(&self) -> Option<usize>;

    /// Answers that are made and requests that wait.
    fn occupancy(&self) -> Occupancy;

    /// Begins an answer once there is a place for it.
    ///
    /// # Errors
    /// [`ServerError::Busy`] when too many wait already, otherwise what keeps the model from answering this.
    async fn answer(&self, chat: Chat) -> Result<ChatEvents, ServerError>;

    /// Removes what is kept of a conversation besides its messages.
    async fn forget(&self, _conversation: Uuid) {}

    /// Removes what is kept of all conversations but these.
    async fn retain(&self, _conversations: &HashSet<Uuid>) {}

    /// Writes down what is kept in memory, before the process ends.
    async fn close(&self) {}
}
