//! Spoken conversations: kept line by line while they are spoken.

use std::{sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};
use sottovoce_history::{ConversationChange, Ending, Message, MessageState, NewConversation, NewMessage, Role, Usage};
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    task::JoinHandle,
};
use uuid::Uuid;

use super::{Assistant, answer::WRITE_EVERY, messages::title};
use crate::{ServerError, http::Failure};

/// Where in the history a conversation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    /// The conversation; one that does not exist yet begins with the first line.
    pub conversation: Option<Uuid>,
    /// The message that the next one follows.
    pub message: Option<Uuid>,
}

/// Something that becomes a part of the history.
pub enum Line {
    /// The person said this.
    Question(String),
    /// The assistant begins to say something.
    Answer,
    /// All of that so far.
    Text(String),
    /// It has ended: what was heard of it, which may be nothing.
    Heard {
        /// The beginning of its text, or all of it.
        text: String,
        /// How far it got.
        state: MessageState,
        /// What it took.
        usage: Option<Usage>,
    },
}

/// Keeps lines in the order in which they are given, by a task of its own, which does not end before all are kept.
pub struct Keeper {
    lines: UnboundedSender<Line>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Keeps a line, as soon as those before it are kept.
    pub fn keep(&self, line: Line) {
        // The task lives as long as this.
        let _ = self.lines.send(line);
    }

    /// No line follows. The task is over when all are kept.
    pub fn finish(self) -> JoinHandle<()> {
        self.task
    }
}

impl Assistant {
    /// What was said in a conversation up to `place`.
    ///
    /// # Errors
    /// There is no such conversation, or no such message in it.
    pub async fn thread(&self, place: Place) -> Result<Vec<Message>, Failure> {
        let (Some(conversation), message) = (place.conversation, place.message) else {
            return match place.message {
                None => Ok(Vec::new()),
                Some(_) => Err(Failure::invalid("message", "a message is named without its conversation")),
            };
        };
        let transcript = self.history.transcript(conversation).await?;
        let Some(message) = message else { return Ok(Vec::new()) };
        let thread = transcript.thread(message);
        if thread.is_empty() {
            return Err(Failure::not_found(format!("there is no message {message} in conversation {conversation}")));
        }
        Ok(thread.into_iter().cloned().collect())
    }

    /// Goes on from `place` with lines that are said. A conversation that begins has `instructions`, where those are not what
    /// the settings say anyway. `told` hears where it stands after each line, or what went wrong with it.
    pub fn keep_lines(
        self: &Arc<Self>,
        place: Place,
        instructions: String,
        told: impl Fn(Result<Place, Failure>) + Send + 'static,
    ) -> Keeper {
        let (lines, received) = mpsc::unbounded_channel();
        let keeping = Keeping { assistant: self.clone(), place, instructions, answer: None };
        Keeper { lines, task: tokio::spawn(keeping.run(received, told)) }
    }
}

struct Keeping {
    assistant: Arc<Assistant>,
    place: Place,
    instructions: String,
    answer: Option<Growing>,
}

/// An answer that is being said.
struct Growing {
    id: Uuid,
    /// The message that it follows.
    parent: Option<Uuid>,
    written: Instant,
}

impl Keeping {
    async fn run(mut self, mut lines: UnboundedReceiver<Line>, told: impl Fn(Result<Place, Failure>) + Send + 'static) {
        while let Some(line) = lines.recv().await {
            let before = self.place;
            match self.keep(line).await {
                Ok(()) if self.place == before => {}
                Ok(()) => told(Ok(self.place)),
                Err(failure) => told(Err(failure)),
            }
        }
    }

    async fn keep(&mut self, line: Line) -> Result<(), Failure> {
        match line {
            Line::Question(text) => {
                self.name(&text).await?;
                self.append(Role::User, text, MessageState::Complete).await?;
            }
            Line::Answer => {
                let parent = self.place.message;
                let id = self.append(Role::Assistant, String::new(), MessageState::Streaming).await?;
                self.answer = Some(Growing { id, parent, written: Instant::now() });
            }
            Line::Text(text) => {
                if let Some(answer) = self.answer.as_mut().filter(|answer| answer.written.elapsed() >= WRITE_EVERY) {
                    answer.written = Instant::now();
                    // Who wants it to stop says so to whoever speaks.
                    self.assistant.history.write(answer.id, &text).await?;
                }
            }
            Line::Heard { text, state, usage } => {
                let Some(Growing { id, parent, .. }) = self.answer.take() else { return Ok(()) };
                if text.trim().is_empty() && self.place.message == Some(id) {
                    // What nobody heard was not said.
                    self.assistant.history.delete_message(id).await?;
                    self.place.message = parent;
                } else {
                    self.assistant.finish(id, Ending { text, state, usage }).await?;
                }
            }
        }
        Ok(())
    }

    /// Begins the conversation, or names it, after what is asked first in it.
    async fn name(&mut self, question: &str) -> Result<(), Failure> {
        let history = &self.assistant.history;
        let Some(conversation) = self.place.conversation else {
            let usual = self.assistant.settings().await?.system_prompt;
            let system_prompt = Some(self.instructions.clone()).filter(|own| *own != usual);
            let new = NewConversation { title: title(question), system_prompt };
            self.place.conversation = Some(history.create(new).await?.id);
            return Ok(());
        };
        if history.conversation(conversation).await?.title.is_empty() {
            let change = ConversationChange { title: Some(title(question)), ..ConversationChange::default() };
            history.update(conversation, change).await?;
        }
        Ok(())
    }

    async fn append(&mut self, role: Role, text: String, state: MessageState) -> Result<Uuid, Failure> {
        if self.place.conversation.is_none() {
            // An answer to nothing that was said: the client asked for it.
            self.name("").await?;
        }
        let Place { conversation: Some(conversation), message: parent } = self.place else {
            return Err(ServerError::work_failed("a conversation that has begun has a name").into());
        };
        let model = (role == Role::Assistant).then(|| self.assistant.backend.chat_name());
        let new = NewMessage { conversation, parent, role, text, state, model };
        let id = self.assistant.history.append(new).await?.id;
        self.place.message = Some(id);
        Ok(id)
    }
}
