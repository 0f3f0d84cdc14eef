//! Conversations with a language model.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError},
};

use sottovoce_llm::{
    LanguageModel as _, LlmError,
    chat::{self, Overflow, Resumed, StoredConversation},
    generate::{self, GenerateOptions},
    package::PackageModel,
};

use crate::{Answer, AnswerOptions, Cancellation, LanguageModel, SottovoceError, TextListener, language_model::Shown};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Role {
    /// Whoever instructs the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A function that the model called.
    Tool,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub text: String,
}

/// What came of a conversation that was kept in a file.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Restored {
    /// What the app called the model when it was saved.
    pub model: String,
    /// Tokens that need not be computed again.
    pub tokens: u32,
    /// Why all of it has to be computed again although its state was saved, if so.
    pub note: Option<String>,
}

pub(crate) type Inner = chat::Conversation<PackageModel>;

/// A conversation over one state: each question computes only what is new.
///
/// One thing at a time: while it answers, other calls throw; they wait for an answer that was cancelled. It can be used from
/// any thread.
#[derive(uniffi::Object)]
pub struct Conversation {
    pub(crate) model: Arc<LanguageModel>,
    inner: Mutex<Inner>,
    /// What ends the answer that is being made, or ended the last one.
    ends: Mutex<Option<Arc<Cancellation>>>,
}

impl Conversation {
    pub(crate) fn begin(
        model: Arc<LanguageModel>,
        system: Option<String>,
        forget_when_full: bool,
    ) -> Result<Arc<Self>, SottovoceError> {
        let mut inner = model.folder.conversation(model.sequence()?)?;
        inner.set_system(system);
        inner.set_overflow(if forget_when_full { Overflow::Forget } else { Overflow::Stop });
        Ok(Self::of(model, inner))
    }

    fn of(model: Arc<LanguageModel>, inner: Inner) -> Arc<Self> {
        Arc::new(Self { model, inner: Mutex::new(inner), ends: Mutex::default() })
    }

    /// The conversation, when nobody else has it any more.
    pub(crate) fn wait(&self) -> MutexGuard<'_, Inner> {
        // An answer that fails leaves the conversation as it was.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, SottovoceError> {
        match self.inner.try_lock() {
            Ok(inner) => Ok(inner),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            // It ends at the next token, and who asked for that need not know when.
            Err(TryLockError::WouldBlock) if self.is_ending() => Ok(self.wait()),
            Err(TryLockError::WouldBlock) => {
                Err(SottovoceError::conversation("the conversation is answering; wait for the answer, or cancel it"))
            }
        }
    }

    fn is_ending(&self) -> bool {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.as_ref().is_some_and(|cancellation| cancellation.is_cancelled())
    }

    fn answer(
        &self,
        options: &AnswerOptions,
        listener: Option<Arc<dyn TextListener>>,
        cancellation: Option<Arc<Cancellation>>,
        make: impl FnOnce(
            &mut Inner,
            GenerateOptions,
            &mut dyn FnMut(&str) -> ControlFlow<()>,
        ) -> Result<generate::Answer, LlmError>,
    ) -> Result<Answer, SottovoceError> {
        let options = self.model.generate_options(options, cancellation.as_ref())?;
        // Stop tokens are added by the conversation.
        let options = GenerateOptions { stop_tokens: Vec::new(), ..options };
        let mut shown = Shown::new(listener);
        let answer = {
            let mut inner = self.lock()?;
            *self.ends.lock().unwrap_or_else(PoisonError::into_inner) = cancellation;
            make(&mut inner, options, &mut |text| shown.show(text))?
        };
        shown.finish(answer.into())
    }
}

#[uniffi::export]
impl Conversation {
    /// Asks `question`. The listener gets the answer as it is made. A cancelled answer ends at once, and what was said stays
    /// in the conversation.
    ///
    /// # Errors
    /// An option is outside its range, the question does not fit the context, or the conversation is answering. It is then
    /// as before.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn respond(
        &self,
        question: String,
        options: AnswerOptions,
        listener: Option<Arc<dyn TextListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Answer, SottovoceError> {
        self.answer(&options, listener, cancellation, |inner, options, show| inner.ask(&question, options, show))
    }

    /// Answers the last question anew.
    ///
    /// # Errors
    /// There is none, or as [`respond`](Self::respond).
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn retry(
        &self,
        options: AnswerOptions,
        listener: Option<Arc<dyn TextListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Answer, SottovoceError> {
        self.answer(&options, listener, cancellation, |inner, options, show| inner.retry(options, show))
    }

    /// Goes on with the last answer, which was cut. What is returned is what came to it.
    ///
    /// # Errors
    /// The last message is no answer, or as [`respond`](Self::respond).
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn go_on(
        &self,
        options: AnswerOptions,
        listener: Option<Arc<dyn TextListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Answer, SottovoceError> {
        self.answer(&options, listener, cancellation, |inner, options, show| inner.resume_answer(options, show))
    }

    /// What was said so far.
    ///
    /// # Errors
    /// The conversation is answering, as everywhere below.
    pub fn messages(&self) -> Result<Vec<Message>, SottovoceError> {
        let inner = self.lock()?;
        Ok(inner.messages().iter().map(Message::of).collect())
    }

    /// Exchanges what was said for `messages`, as an app does that keeps conversations itself. The state stays, and the next
    /// question computes only what differs.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn set_messages(&self, messages: Vec<Message>) -> Result<(), SottovoceError> {
        self.lock()?.set_messages(messages.into_iter().map(Message::into_chat).collect());
        Ok(())
    }

    /// Sets or removes what the model is told first, from the next question on.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn set_system(&self, system: Option<String>) -> Result<(), SottovoceError> {
        self.lock()?.set_system(system);
        Ok(())
    }

    /// Takes back all but the first `messages` messages.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn rewind(&self, messages: u32) -> Result<(), SottovoceError> {
        self.lock()?.rewind(messages as usize);
        Ok(())
    }

    /// Cuts the last answer to its first `characters` characters (Unicode scalar values), in text and state: what a listener
    /// has not heard was not said.
    ///
    /// # Errors
    /// The last message is no answer, or the conversation is answering.
    pub fn cut_answer(&self, characters: u32) -> Result<(), SottovoceError> {
        Ok(self.lock()?.truncate_answer(characters as usize)?)
    }

    /// A copy that goes its own way from here, and computes nothing of this again.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn fork(&self) -> Result<Arc<Self>, SottovoceError> {
        let inner = self.lock()?.clone();
        Ok(Self::of(Arc::clone(&self.model), inner))
    }

    /// Tokens in the state.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn tokens(&self) -> Result<u32, SottovoceError> {
        Ok(self.lock()?.session().held().len() as u32)
    }

    /// How many messages behind the first the model no longer sees, because they did not fit any more.
    ///
    /// # Errors
    /// The conversation is answering.
    pub fn forgotten(&self) -> Result<u32, SottovoceError> {
        Ok(self.lock()?.forgotten() as u32)
    }

    /// Keeps the conversation in a file, which replaces one that is there as a whole; with `state` also keys and values, which
    /// may be hundreds of megabytes, so that nothing has to be computed again. `model` is what the app calls the model.
    ///
    /// # Errors
    /// The file cannot be written, the package's state cannot be copied, or the conversation is answering.
    #[uniffi::method(default(state = true))]
    pub fn save(&self, path: String, model: String, state: bool) -> Result<(), SottovoceError> {
        let inner = self.lock()?;
        let state = state && inner.session().model().identity().is_some();
        Ok(inner.store(Path::new(&path), &model, state)?)
    }

    /// Takes up the conversation that was kept in a file in place of this one.
    ///
    /// # Errors
    /// The file cannot be read or holds no conversation, or the conversation is answering. It is then as before.
    pub fn restore(&self, path: String) -> Result<Restored, SottovoceError> {
        let mut inner = self.lock()?;
        let (stored, _) = StoredConversation::read(Path::new(&path))?;
        let (tokens, note) = match inner.resume(Path::new(&path))? {
            Resumed::State(tokens) => (tokens as u32, None),
            Resumed::Messages => (0, None),
            Resumed::Unusable(reason) => (0, Some(reason.to_string())),
        };
        Ok(Restored { model: stored.model, tokens, note })
    }
}

impl Message {
    fn of(message: &chat::Message) -> Self {
        let role = match message.role {
            chat::Role::System => Role::System,
            chat::Role::User => Role::User,
            chat::Role::Assistant => Role::Assistant,
            chat::Role::Tool => Role::Tool,
        };
        Self { role, text: message.content.clone() }
    }

    fn into_chat(self) -> chat::Message {
        let role = match self.role {
            Role::System => chat::Role::System,
            Role::User => chat::Role::User,
            Role::Assistant => chat::Role::Assistant,
            Role::Tool => chat::Role::Tool,
        };
        chat::Message { role, ..chat::Message::user(self.text) }
    }
}
