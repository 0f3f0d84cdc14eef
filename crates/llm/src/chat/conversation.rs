//! A conversation with a model.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::{ChatTemplate, Message, Role};
use crate::generate::{Answer, GenerateOptions, Session};
use crate::speculate::DraftModel;
use crate::tokenizer::SpecialTokens;
use crate::{LanguageModel, LlmError};

/// A conversation over one session; each question computes only what is new.
pub struct Conversation<M> {
    session: Session<M>,
    template: Arc<ChatTemplate>,
    special: SpecialTokens,
    messages: Vec<Message>,
}

impl<M: LanguageModel> Conversation<M> {
    /// An empty conversation. Answers end at the tokens of `special.stop`.
    pub fn new(session: Session<M>, template: Arc<ChatTemplate>, special: SpecialTokens) -> Self {
        Self { session, template, special, messages: Vec::new() }
    }

    /// What was said so far.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The session underneath.
    pub fn session(&self) -> &Session<M> {
        &self.session
    }

    /// Lets `draft` guess what the model will say.
    pub fn set_draft(&mut self, draft: DraftModel) {
        self.session.set_draft(draft);
    }

    /// Begins a new conversation with a fresh state; the system message stays.
    pub fn reset(&mut self) {
        self.messages.retain(|message| message.role == Role::System);
        self.session.reset();
    }

    /// Sets or removes the system message, which takes effect with the next question.
    pub fn set_system(&mut self, content: Option<String>) {
        self.messages.retain(|message| message.role != Role::System);
        if let Some(content) = content {
            self.messages.insert(0, Message::system(content));
        }
    }

    /// Asks, showing the answer as it comes; an answer that was broken off stays in the conversation.
    ///
    /// # Errors
    /// As [`Session::generate`] and [`ChatTemplate::encode`]; the conversation is then as before the question.
    pub fn ask(
        &mut self,
        question: &str,
        mut options: GenerateOptions,
        on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        options.stop_tokens.extend_from_slice(&self.special.stop);
        self.messages.push(Message::user(question));
        let answer = self
            .template
            .encode(&self.messages, &self.special, self.session.tokenizer())
            .and_then(|prompt| self.session.generate(&prompt, options)?.run(on_text));
        match &answer {
            Ok(answer) => self.messages.push(Message::assistant(&answer.text)),
            Err(_) => {
                self.messages.pop();
            }
        }
        answer
    }
}
