//! `sottovoce chat`

use std::io::{self, IsTerminal};

use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    LlmError,
    chat::{Conversation, Overflow, Role},
    generate::{Answer, GenerateOptions},
    package::PackageModel,
};

use crate::{
    answering::{self, AnswerOptions, Answering},
    console,
    interrupt::{self, Interrupted},
    lines::Lines,
    loading::{self, ModelOptions},
    sessions::{OpenSession, Sessions, lasting_name},
    speculating::SpeculationOptions,
};

const HELP: &str = "\
/retry          answer the last question again
/continue       go on with an answer that was cut short
/undo           take back the last question and its answer
/reset          begin a new conversation; what /system said stays, and a session that was kept stays as it is
/system TEXT    tell the model who it is; without TEXT, forget that
/save NAME      keep the conversation as this session from now on
/load NAME      go on with this session
/help           this list
/exit           leave, as Ctrl-D does
Ctrl-C cuts an answer short.";

/// Arguments of `chat`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). Answers alone go to \
stdout. When stdin is no terminal, every line of it is a question. In the chat, /help lists what else it understands. \
With --tools, calls are shown as a line of JSON each, and as many lines that follow are what the functions returned.

Examples:
  sottovoce chat
  sottovoce chat --session holiday
  sottovoce chat my-model --system \"You answer in rhymes.\"
  printf 'What is the capital of Japan?\\n' | sottovoce chat --greedy")]
pub struct Arguments {
    /// Model to talk to [default: that of the session, else smollm2-135m-instruct]
    model: Option<String>,
    /// What the model should be told first
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Go on with the session of this name, or begin it: the conversation is kept after every answer
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// What becomes of a conversation that is longer than the model's context
    #[arg(long, value_name = "WHAT", default_value = "forget")]
    when_full: WhenFull,
    #[command(flatten)]
    answer: AnswerOptions,
    #[command(flatten)]
    speculation: SpeculationOptions,
    #[command(flatten)]
    options: ModelOptions,
}

/// What becomes of a conversation that is longer than the context.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WhenFull {
    /// The model no longer sees the oldest questions and answers
    Forget,
    /// An answer ends there, and a question that does not fit is refused
    Stop,
}

/// Talks until the end of the input.
///
/// # Errors
/// The model cannot be loaded or fails, or the session cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sessions = Sessions::from_env()?;
    let session = arguments.session.as_ref().map(|name| sessions.open(name)).transpose()?;
    let kept = session.as_ref().map(|session| session.model()).transpose()?.flatten();
    let model = arguments.model.as_deref().or(kept.as_deref()).unwrap_or(DEFAULT_MODEL);
    let mut loaded = loading::load(model, &arguments.options)?;
    let answering = arguments.answer.prepare(&mut loaded.folder)?;
    let draft = arguments.speculation.load_draft(&arguments.options.load_options())?;
    let draft = draft.map(|draft| draft.for_session(&loaded.folder)).transpose()?;
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    draft.into_iter().for_each(|draft| conversation.set_draft(draft));
    conversation.set_overflow(match arguments.when_full {
        WhenFull::Forget => Overflow::Forget,
        WhenFull::Stop => Overflow::Stop,
    });
    let mut chat = Chat {
        conversation,
        sessions,
        session: None,
        model: lasting_name(model),
        arguments,
        answering,
        results: Vec::new(),
    };
    if let Some(session) = session {
        chat.enter(session)?;
    }
    if arguments.system.is_some() {
        chat.conversation.set_system(arguments.system.clone());
    }
    let result = chat.talk();
    chat.keep(true);
    result
}

/// A conversation, and the session that it is kept as.
struct Chat<'a> {
    conversation: Conversation<PackageModel>,
    sessions: Sessions,
    session: Option<OpenSession>,
    model: String,
    arguments: &'a Arguments,
    answering: Answering,
    /// What was returned so far by the functions that the last answer calls.
    results: Vec<String>,
}

impl Chat<'_> {
    fn talk(&mut self) -> anyhow::Result<()> {
        let mut lines = Lines::open()?;
        while let Some(line) = lines.next()? {
            match line.trim() {
                "" => {}
                "/exit" | "/quit" => break,
                "/retry" => self.answer(|conversation, options| conversation.retry(options, answering::show))?,
                "/continue" => {
                    self.answer(|conversation, options| conversation.resume_answer(options, answering::show))?;
                }
                command if command.starts_with('/') => self.obey(command),
                result if !self.conversation.pending_calls().is_empty() => self.take_result(result)?,
                question => {
                    self.answer(|conversation, options| conversation.ask(question, options, answering::show))?
                }
            }
        }
        Ok(())
    }

    /// Takes what the next function returned that the last answer calls; with the last one, the model goes on.
    fn take_result(&mut self, result: &str) -> anyhow::Result<()> {
        self.results.push(result.to_owned());
        if self.results.len() < self.conversation.pending_calls().len() {
            return Ok(());
        }
        let results = std::mem::take(&mut self.results);
        self.answer(|conversation, options| conversation.return_results(&results, options, answering::show))
    }

    /// Answers and keeps the conversation. At a terminal, what goes wrong is told, and the conversation goes on.
    fn answer(
        &mut self,
        answer: impl FnOnce(&mut Conversation<PackageModel>, GenerateOptions) -> Result<Answer, LlmError>,
    ) -> anyhow::Result<()> {
        let forgotten = self.conversation.forgotten();
        let mut options = self.answering.next();
        options.speculation = self.arguments.speculation.speculate;
        let result = answer(&mut self.conversation, options);
        let answered = result.is_ok();
        let result = result.map_err(anyhow::Error::from).and_then(|answer| answering::finish(&answer));
        if self.conversation.forgotten() > forgotten {
            let messages = self.conversation.forgotten();
            console::note(format_args!("the context is full: the model no longer sees the first {messages} messages"));
        }
        if answered {
            self.keep(false);
        }
        let interactive = io::stdin().is_terminal();
        match result {
            Err(error) if error.is::<Interrupted>() && interactive => interrupt::reset(),
            Err(error) if !error.is::<Interrupted>() && interactive => console::error(&error),
            other => return other,
        }
        Ok(())
    }

    fn obey(&mut self, command: &str) {
        let (verb, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match (verb, rest.trim()) {
            ("/help", _) => console::note(HELP),
            ("/undo", _) => self.undo(),
            ("/reset", _) => {
                self.keep(true);
                self.session = None;
                self.conversation.reset();
                console::note("a new conversation");
            }
            ("/system", "") => {
                self.conversation.set_system(None);
                console::note("the model is told nothing first");
            }
            ("/system", text) => {
                self.conversation.set_system(Some(text.to_owned()));
                console::note("the model will be told so with the next question");
            }
            ("/save" | "/load", "") => console::warn(format_args!("{verb} needs the name of a session")),
            ("/save", name) => match self.sessions.open(name) {
                Ok(session) if session.path.exists() => {
                    console::warn(format_args!("there is a session '{name}' already; choose another name"));
                }
                Ok(session) => {
                    self.session = Some(session);
                    self.keep(true);
                }
                Err(error) => console::error(&error),
            },
            ("/load", name) => {
                self.keep(true);
                let loaded = self.sessions.find(name).and_then(|_| self.sessions.open(name));
                if let Err(error) = loaded.and_then(|session| self.enter(session)) {
                    console::error(&error);
                }
            }
            _ => console::warn(format_args!("{verb} is unknown\n{HELP}")),
        }
    }

    fn undo(&mut self) {
        let messages = self.conversation.messages();
        match messages.iter().rposition(|message| message.role == Role::User) {
            Some(question) => {
                let text = messages[question].content.clone();
                self.conversation.rewind(question);
                console::note(format_args!("taken back: {text}"));
            }
            None => console::warn("there is no question to take back"),
        }
    }

    /// Takes up a session, or begins it with nothing in it.
    fn enter(&mut self, session: OpenSession) -> anyhow::Result<()> {
        session.take_up(&mut self.conversation)?;
        self.session = Some(session);
        Ok(())
    }

    /// Keeps the conversation, with the keys and values where that is worth its time.
    fn keep(&self, state: bool) {
        if let Some(session) = &self.session {
            session.keep(&self.conversation, &self.model, state);
        }
    }
}
