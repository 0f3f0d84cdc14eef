//! What was said, and the tokens that spell it for a model.

use std::sync::Arc;

use super::{ChatTemplate, Message, Role};
use crate::LlmError;
use crate::generate::{Answer, common_length};
use crate::tokenizer::{SpecialTokens, Tokenizer};
use crate::tools::{ToolCall, Toolbox};

/// Fewest tokens that are worth a call of their own so that conversations can share them.
const MIN_SHARED: usize = 16;

/// The messages of a conversation, and which of them the model sees.
#[derive(Clone)]
pub(super) struct History {
    template: Arc<ChatTemplate>,
    pub special: SpecialTokens,
    tokenizer: Arc<Tokenizer>,
    pub messages: Vec<Message>,
    /// Messages behind the system's that the model no longer sees.
    pub forgotten: usize,
}

impl History {
    pub fn new(template: Arc<ChatTemplate>, special: SpecialTokens, tokenizer: Arc<Tokenizer>) -> Self {
        Self { template, special, tokenizer, messages: Vec::new(), forgotten: 0 }
    }

    /// The tools that the model is offered.
    pub fn toolbox(&self) -> Option<&Toolbox> {
        self.template.toolbox()
    }

    /// `answer` as a message, its calls numbered on from those before.
    pub fn answer_message(&self, answer: &Answer) -> Message {
        let earlier: usize = self.messages.iter().map(|message| message.tool_calls.len()).sum();
        let calls = (earlier..).zip(&answer.calls).map(|(number, call)| ToolCall::new(number, call.clone()));
        Message { tool_calls: calls.collect(), ..Message::assistant(&answer.text) }
    }

    /// Whether the last message is the model's: an answer that can be gone on with, cut or replaced.
    pub fn is_answered(&self) -> bool {
        self.messages.last().is_some_and(|message| message.role == Role::Assistant)
    }

    /// The tokens of what the model sees, up to where its answer begins or goes on. Where other tokens in `held` spell
    /// the same text, as a model's own choices often do, they stay.
    pub fn prompt(&self, held: &[u32]) -> Result<Vec<u32>, LlmError> {
        let seen = [&self.messages[..self.system_messages()], self.seen()].concat();
        let (kept, rest) = self.template.encode_behind(held, &seen, &self.special, &self.tokenizer)?;
        let (kept, held) = held.split_at(kept);
        Ok([kept, &respell(&rest, held, &self.tokenizer)].concat())
    }

    /// How many tokens of `prompt` every conversation begins with that has the same system message; 0 when they are few.
    pub fn shared_prefix(&self, prompt: &[u32]) -> usize {
        let probe = |word: &str| {
            let mut messages = self.messages[..self.system_messages()].to_vec();
            messages.push(Message::user(word));
            self.template.encode(&messages, &self.special, &self.tokenizer)
        };
        // Words that have no letter in common, so that what is the same does not come from them.
        let (Ok(one), Ok(other)) = (probe("a"), probe("1")) else { return 0 };
        let shared = common_length(&one[..common_length(&one, &other)], prompt);
        if shared < MIN_SHARED { 0 } else { shared }
    }

    /// Forgets the oldest turn that the model still sees, unless it is the newest too.
    pub fn forget_turn(&mut self) -> bool {
        let first = self.system_messages() + self.forgotten;
        let later = self.messages.iter().skip(first + 1).position(|message| message.role == Role::User);
        if let Some(later) = later {
            self.forgotten += later + 1;
        }
        later.is_some()
    }

    fn system_messages(&self) -> usize {
        usize::from(self.messages.first().is_some_and(|message| message.role == Role::System))
    }

    /// What the model sees behind the system message.
    pub fn seen(&self) -> &[Message] {
        self.messages.get(self.system_messages() + self.forgotten..).unwrap_or_default()
    }
}

/// `prompt`, with the tokens of `held` as far as both spell the same text with ordinary tokens.
fn respell(prompt: &[u32], held: &[u32], tokenizer: &Tokenizer) -> Vec<u32> {
    let mut spelled = Vec::with_capacity(prompt.len());
    let (mut old, mut new) = (held, prompt);
    loop {
        let common = common_length(old, new);
        spelled.extend_from_slice(&new[..common]);
        (old, new) = (&old[common..], &new[common..]);
        let Some((kept, replaced)) = same_text(old, new, tokenizer) else {
            spelled.extend_from_slice(new);
            return spelled;
        };
        spelled.extend_from_slice(&old[..kept]);
        (old, new) = (&old[kept..], &new[replaced..]);
    }
}

/// The fewest tokens at the beginning of both that spell the same text: how many of one, how many of the other.
fn same_text(one: &[u32], other: &[u32], tokenizer: &Tokenizer) -> Option<(usize, usize)> {
    let (mut text, mut other_text) = (Vec::new(), Vec::new());
    let (mut taken, mut other_taken) = (0, 0);
    loop {
        let (tokens, taken, text, ahead) = if text.len() <= other_text.len() {
            (one, &mut taken, &mut text, &other_text)
        } else {
            (other, &mut other_taken, &mut other_text, &text)
        };
        let &id = tokens.get(*taken)?;
        let bytes = tokenizer.token_bytes(id);
        if tokenizer.is_special(id) || bytes.is_empty() {
            return None;
        }
        text.extend_from_slice(bytes);
        *taken += 1;
        let common = text.len().min(ahead.len());
        if text[..common] != ahead[..common] {
            return None;
        }
        if text.len() == ahead.len() {
            break;
        }
    }
    Some((taken, other_taken))
}
