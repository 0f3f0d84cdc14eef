//! The model behind the server: who gets to use it, and answers in the making.

mod backend;
mod chat;
mod converse;
mod job;
mod remote;
mod seats;
mod states;

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
};

use sottovoce_llm::{
    LanguageModel, LlmError,
    chat::{ChatTemplate, Conversation, Message, Overflow},
    constrain::{Compiler, Constraint, Grammar},
    generate::PrefixCache,
    load::ModelFolder,
    package::PackageModel,
    sampling::{Penalties, Sampling},
    speculate::Speculation,
    tokenizer::Tokenizer,
    tools::{Tool, Toolbox},
};
use sottovoce_runtime::{Batcher, Model};
use tokio::sync::mpsc;

use crate::{ServerError, metrics::TokenClock};
use seats::Seats;
use states::States;

pub use backend::{Backend, ModelStatus};
pub use chat::{Chat, ChatEvent, ChatEvents, ChatModel, ChatOptions, ChatUsage};
pub use job::{Answering, Event, Job, TokenChance};
pub use remote::{Remote, RemoteOptions};
pub use seats::{Busy, Occupancy};

/// Bytes of system prompts, as keys and values, that conversations share.
const PREFIX_BYTES: usize = 64 << 20;

/// How an engine is set up.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Name that clients may ask for; `default` is another.
    pub name: String,
    /// Answers that are made at the same time, each with a key-value state.
    pub parallel: usize,
    /// Requests that may wait for one of those; more are turned away.
    pub queue: usize,
    /// Folder for what has been computed of conversations that are kept; without one they are computed again.
    pub states: Option<PathBuf>,
}

/// A loaded model that answers many at once.
pub struct Engine {
    name: String,
    folder: ModelFolder,
    context: usize,
    seats: Arc<Seats>,
    compiler: OnceLock<Compiler>,
}

impl Engine {
    /// An engine on a loaded package, with the tokenizer and template of `folder`.
    ///
    /// # Errors
    /// The package is no language model, there is no thread for the batcher, or the folder for states cannot be made.
    pub fn new(folder: ModelFolder, model: Arc<Model>, options: EngineOptions) -> Result<Self, ServerError> {
        let batcher = Arc::new(Batcher::new(model)?);
        // A model without a template is asked for texts alone; any will do for the conversation that it never has.
        let template = folder.template.clone().map_or_else(|| ChatTemplate::chatml().map(Arc::new), Ok)?;
        let prefixes = Arc::new(PrefixCache::new(PREFIX_BYTES));
        let mut conversations = Vec::new();
        for _ in 0..options.parallel.max(1) {
            let mut session = folder.session(PackageModel::batched(batcher.clone())?);
            session.share_prefixes(prefixes.clone());
            let mut conversation = Conversation::new(session, template.clone(), folder.special.clone());
            conversation.set_overflow(Overflow::Forget);
            conversations.push(conversation);
        }
        let context = conversations[0].session().model().context();
        let states =
            options.states.map(|folder| States::open(&folder).map_err(|source| ServerError::States { folder, source }));
        let seats = Seats::new(conversations, options.queue, states.transpose()?, &options.name);
        Ok(Self { name: options.name, folder, context, seats: Arc::new(seats), compiler: OnceLock::new() })
    }

    /// Name of the model.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a client that asks for `model` means this one.
    pub fn is_called(&self, model: &str) -> bool {
        model == self.name || model == "default"
    }

    /// Tokens of a conversation at most.
    pub fn context(&self) -> usize {
        self.context
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.folder.tokenizer
    }

    /// Answers that are made and requests that wait.
    pub fn occupancy(&self) -> Occupancy {
        self.seats.occupancy()
    }

    /// Tokens that end an answer.
    pub fn stop_tokens(&self) -> &[u32] {
        &self.folder.special.stop
    }

    /// How the model's makers would have tokens chosen; OpenAI's defaults where they do not say.
    pub fn sampling(&self) -> Sampling {
        let defaults = &self.folder.defaults;
        Sampling {
            temperature: defaults.temperature.unwrap_or(1.0),
            top_k: defaults.top_k.filter(|&k| k > 0),
            top_p: defaults.top_p,
            min_p: defaults.min_p,
            penalties: Penalties { repetition: defaults.repetition_penalty.unwrap_or(1.0), ..Penalties::NONE },
            ..Sampling::GREEDY
        }
    }

    /// The tokens of a conversation up to where the answer begins, and the tools that are offered in it.
    ///
    /// # Errors
    /// The model has no chat template, or its template refuses the conversation.
    pub fn encode_chat(&self, messages: &[Message], tools: Vec<Tool>) -> Result<(Vec<u32>, Option<Toolbox>), LlmError> {
        let template = self.folder.require_template()?;
        let special = &self.folder.special;
        if tools.is_empty() {
            return Ok((template.encode(messages, special, &self.folder.tokenizer)?, None));
        }
        let mut template = ChatTemplate::clone(&template);
        let toolbox = Toolbox::new(tools, &self.folder.tokenizer);
        template.offer(toolbox.clone(), special);
        Ok((template.encode(messages, special, &self.folder.tokenizer)?, Some(toolbox)))
    }

    /// Checks that a prompt fits, before anybody waits for its answer.
    ///
    /// # Errors
    /// [`LlmError::PromptTooLong`].
    pub fn check_length(&self, prompt: &[u32]) -> Result<(), LlmError> {
        let (tokens, context) = (prompt.len(), self.context);
        if tokens > context { Err(LlmError::PromptTooLong { tokens, context }) } else { Ok(()) }
    }

    /// Compiles a grammar that an answer has to keep.
    ///
    /// # Errors
    /// It is malformed or too complex.
    pub fn constraint(&self, grammar: &Grammar) -> Result<Constraint, LlmError> {
        if let Some(compiler) = self.compiler.get() {
            return compiler.compile(grammar);
        }
        // Two first requests may both make one, which costs a second of one of them.
        let made = Compiler::new(self.folder.tokenizer.clone(), self.stop_tokens())?;
        self.compiler.get_or_init(|| made).compile(grammar)
    }

    /// Begins a job once there is a place for it. Dropping what comes back ends it before its next token.
    ///
    /// # Errors
    /// [`Busy`] when too many wait already.
    pub async fn begin(&self, mut job: Job) -> Result<Answering, Busy> {
        let clock = TokenClock::start();
        let seat = self.seats.take(&job.prompt, None).await?;
        if self.occupancy().running > 1 {
            // Guesses are rows of the batch: they would take from the others what they may bring to this one.
            job.options.speculation = Speculation::Off;
        }
        // No more events than the context has tokens: a client who reads slowly does not keep the place.
        let (sender, events) = mpsc::unbounded_channel();
        let cancel = Arc::default();
        let answering = Answering::new(events, Arc::clone(&cancel));
        tokio::task::spawn_blocking(move || job.run(seat, cancel, &sender, clock));
        Ok(answering)
    }
}

/// A seed that nobody knows.
pub(crate) fn random_seed() -> u64 {
    // The hasher of the standard library is seeded by the operating system.
    std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), ())
}
