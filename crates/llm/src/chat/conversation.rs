//! A conversation with a model.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::history::History;
use super::{ChatTemplate, Message, Role};
use crate::generate::{Answer, GenerateOptions, Session, common_length};
use crate::speculate::DraftModel;
use crate::tokenizer::SpecialTokens;
use crate::tools::{ToolCall, Toolbox};
use crate::{LanguageModel, LlmError};

/// What becomes of a conversation that is longer than the model's context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// A question that does not fit is an error, and an answer ends with [`FinishReason::ContextFull`].
    ///
    /// [`FinishReason::ContextFull`]: crate::generate::FinishReason::ContextFull
    #[default]
    Stop,
    /// The model no longer sees the oldest turns: what remains is the system message and the newest turns, as many as fit
    /// in half of the context, so that it does not overflow again at once. They are computed anew, also in the middle of
    /// an answer, which then goes on. Where the newest turn alone is too long, it is as with `Stop`.
    Forget,
}

/// A conversation over one session; each question computes only what is new. A clone is a fork.
pub struct Conversation<M> {
    pub(super) session: Session<M>,
    pub(super) history: History,
    overflow: Overflow,
}

impl<M: LanguageModel + Clone> Clone for Conversation<M> {
    fn clone(&self) -> Self {
        Self { session: self.session.clone(), history: self.history.clone(), overflow: self.overflow }
    }
}

impl<M: LanguageModel> Conversation<M> {
    /// An empty conversation. Answers end at the tokens of `special.stop`.
    pub fn new(session: Session<M>, template: Arc<ChatTemplate>, special: SpecialTokens) -> Self {
        let history = History::new(template, special, session.tokenizer().clone());
        Self { session, history, overflow: Overflow::Stop }
    }

    /// Chooses what becomes of the conversation when it is longer than the context.
    pub fn set_overflow(&mut self, overflow: Overflow) {
        self.overflow = overflow;
    }

    /// What was said so far.
    pub fn messages(&self) -> &[Message] {
        &self.history.messages
    }

    /// How many messages behind the system's the model no longer sees, because they did not fit any more.
    pub fn forgotten(&self) -> usize {
        self.history.forgotten
    }

    /// The session underneath.
    pub fn session(&self) -> &Session<M> {
        &self.session
    }

    /// The session underneath, to use for something else in between: what that leaves in the state, the next question
    /// computes again.
    pub fn session_mut(&mut self) -> &mut Session<M> {
        &mut self.session
    }

    /// Exchanges what was said for `messages`, as a program does that keeps conversations itself. The state stays: the
    /// next question computes what is new. What the model no longer sees, it does not see again, as long as the
    /// conversation begins as before.
    pub fn set_messages(&mut self, messages: Vec<Message>) {
        let history = &mut self.history;
        let unseen = history.messages.len() - history.seen().len();
        let goes_on = messages.len() > unseen && messages[..unseen] == history.messages[..unseen];
        history.messages = messages;
        if !goes_on {
            history.forgotten = 0;
        }
    }

    /// Lets `draft` guess what the model will say.
    pub fn set_draft(&mut self, draft: DraftModel) {
        self.session.set_draft(draft);
    }

    /// Begins a new conversation with a fresh state; the system message stays.
    pub fn reset(&mut self) {
        self.history.messages.retain(|message| message.role == Role::System);
        self.history.forgotten = 0;
        self.session.reset();
    }

    /// Sets or removes the system message, which takes effect with the next question.
    pub fn set_system(&mut self, content: Option<String>) {
        let messages = &mut self.history.messages;
        messages.retain(|message| message.role != Role::System);
        if let Some(content) = content {
            messages.insert(0, Message::system(content));
        }
    }

    /// Takes back all but the first `messages` messages, to ask something else there.
    pub fn rewind(&mut self, messages: usize) {
        let history = &mut self.history;
        history.messages.truncate(messages);
        if history.seen().is_empty() {
            history.forgotten = 0;
        }
    }

    /// Cuts the last answer to its first `characters` characters, in the text and in the state: what a listener who
    /// interrupted has not heard was not said.
    ///
    /// # Errors
    /// [`LlmError::Conversation`] when the last message is no answer, and those of [`ChatTemplate::encode`].
    pub fn truncate_answer(&mut self, characters: usize) -> Result<(), LlmError> {
        self.require_answer()?;
        let answer = self.history.messages.last_mut().map(|message| &mut message.content);
        if let Some(answer) = answer
            && let Some((end, _)) = answer.char_indices().nth(characters)
        {
            answer.truncate(end);
        }
        let prompt = self.history.prompt(self.session.held())?;
        let kept = common_length(&prompt, self.session.held());
        self.session.rewind(kept);
        Ok(())
    }

    /// Asks, showing the answer as it comes; an answer that was broken off stays in the conversation.
    ///
    /// # Errors
    /// As [`Session::generate`] and [`ChatTemplate::encode`]; the conversation is then as before the question.
    pub fn ask(
        &mut self,
        question: &str,
        options: GenerateOptions,
        on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        self.history.messages.push(Message::user(question));
        let answer = self.respond(options, on_text);
        match &answer {
            Ok(answer) => self.history.messages.push(self.history.answer_message(answer)),
            Err(_) => _ = self.history.messages.pop(),
        }
        answer
    }

    /// With [`Overflow::Forget`], forgets the oldest turns where less than an eighth of the context is left, and computes what
    /// remains. To be called while nobody waits: the next answer then need not do it, perhaps in its middle.
    ///
    /// # Errors
    /// As [`Session::generate`] and [`ChatTemplate::encode`].
    pub fn make_room(&mut self) -> Result<(), LlmError> {
        let context = self.session.model().context();
        if self.overflow == Overflow::Stop || self.session.held().len() + context / 8 <= context {
            return Ok(());
        }
        let prompt = forget(&mut self.history, &[], context)?;
        if prompt.len() + context / 8 > context {
            return Ok(());
        }
        // One token is chosen, which nobody sees and the state does not hold.
        let options = GenerateOptions {
            max_tokens: Some(1),
            shared_prefix: self.history.shared_prefix(&prompt),
            ..GenerateOptions::default()
        };
        self.session.generate(&prompt, options)?.run(|_| ControlFlow::Continue(()))?;
        Ok(())
    }

    /// The functions that the last answer calls, whose results the model waits for.
    pub fn pending_calls(&self) -> &[ToolCall] {
        self.history.messages.last().map_or(&[], |message| &message.tool_calls)
    }

    /// Tells the model what the functions returned that the last answer calls, and shows what it says then.
    ///
    /// # Errors
    /// [`LlmError::Conversation`] when there are not as many calls as results, otherwise as [`Conversation::ask`].
    pub fn return_results(
        &mut self,
        results: &[String],
        options: GenerateOptions,
        on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        let calls = self.pending_calls();
        if calls.is_empty() || calls.len() != results.len() {
            return Err(LlmError::Conversation("does not end with as many calls as there are results"));
        }
        let told: Vec<Message> =
            calls.iter().zip(results).map(|(call, result)| Message::tool_result(call, result)).collect();
        let before = self.history.messages.len();
        self.history.messages.extend(told);
        let answer = self.respond(options, on_text);
        match &answer {
            Ok(answer) => self.history.messages.push(self.history.answer_message(answer)),
            Err(_) => self.history.messages.truncate(before),
        }
        answer
    }

    /// Answers the last question anew.
    ///
    /// # Errors
    /// [`LlmError::Conversation`] when there is no question, otherwise as [`Conversation::ask`].
    pub fn retry(
        &mut self,
        options: GenerateOptions,
        on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        let old = if self.history.is_answered() { self.history.messages.pop() } else { None };
        let asked = self.history.messages.last().is_some_and(|m| matches!(m.role, Role::User | Role::Tool));
        let answer = if asked {
            self.respond(options, on_text)
        } else {
            Err(LlmError::Conversation("has no question that could be answered anew"))
        };
        let new = answer.as_ref().ok().map(|answer| self.history.answer_message(answer));
        self.history.messages.extend(new.or(old));
        answer
    }

    /// Goes on with the last answer, which was broken off or reached a limit. What is returned is what came to it.
    ///
    /// # Errors
    /// [`LlmError::Conversation`] when the last message is no answer, otherwise as [`Conversation::ask`].
    pub fn resume_answer(
        &mut self,
        options: GenerateOptions,
        on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        self.require_answer()?;
        let answer = self.respond(GenerateOptions { continue_text: true, ..options }, on_text)?;
        let new = self.history.answer_message(&answer);
        if let Some(message) = self.history.messages.last_mut() {
            message.content.push_str(&new.content);
            message.tool_calls.extend(new.tool_calls);
        }
        Ok(answer)
    }

    fn require_answer(&self) -> Result<(), LlmError> {
        if self.history.is_answered() {
            return Ok(());
        }
        Err(LlmError::Conversation("does not end with an answer"))
    }

    /// What the model says after the last message, or behind it if that is an answer.
    fn respond(
        &mut self,
        mut options: GenerateOptions,
        mut on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Answer, LlmError> {
        let Self { session, history, overflow } = self;
        let forgotten = history.forgotten;
        options.stop_tokens.extend_from_slice(&history.special.stop);
        options.spelled_tokens.extend(history.toolbox().iter().flat_map(|toolbox| toolbox.control_tokens()));
        let mut parser = history.toolbox().map(Toolbox::parser);
        let (mut text, mut piece) = (String::new(), String::new());
        let show = |raw: &str| {
            let Some(parser) = &mut parser else { return on_text(raw) };
            piece.clear();
            parser.push(raw, &mut piece);
            text.push_str(&piece);
            if piece.is_empty() { ControlFlow::Continue(()) } else { on_text(&piece) }
        };
        let context = session.model().context();
        let answer = || {
            let mut prompt = history.prompt(session.held())?;
            if prompt.len() > context && *overflow == Overflow::Forget {
                prompt = forget(history, &[], context)?;
            }
            options.shared_prefix = history.shared_prefix(&prompt);
            session.generate(&prompt, options)?.run_making_room(show, |answer| {
                if *overflow == Overflow::Stop {
                    return Ok(None);
                }
                let prompt = forget(history, answer, context)?;
                // Room for a few tokens would be gone at once.
                Ok(Some(prompt).filter(|prompt| prompt.len() <= context - context / 8))
            })
        };
        let mut answer = answer().inspect_err(|_| history.forgotten = forgotten)?;
        if let Some(parser) = parser {
            let shown = text.len();
            answer.calls = parser.finish(&mut text);
            if shown < text.len() {
                // Nothing is left to break off.
                let _ = on_text(&text[shown..]);
            }
            answer.text = text;
        }
        Ok(answer)
    }
}

/// Forgets the oldest turns until the prompt and the tokens of the answer behind it take half of the context, as far as
/// that is possible. Returns both.
fn forget(history: &mut History, answer: &[u32], context: usize) -> Result<Vec<u32>, LlmError> {
    loop {
        let forgot = history.forget_turn();
        let mut prompt = history.prompt(&[])?;
        prompt.extend_from_slice(answer);
        if !forgot || prompt.len() <= context / 2 {
            return Ok(prompt);
        }
    }
}
