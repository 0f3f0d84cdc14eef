//! `sottovoce chat`

use std::{
    fs,
    io::{self, BufRead, IsTerminal},
    path::{Path, PathBuf},
};

use anyhow::Context;
use rustyline::{Behavior, Config, DefaultEditor, error::ReadlineError};
use sottovoce_hub::{Cache, DEFAULT_MODEL};
use sottovoce_llm::{chat::Conversation, package::PackageModel};

use crate::{
    answering::{self, AnswerOptions},
    console,
    interrupt::{self, Interrupted},
    loading::{self, ModelOptions},
    speculating::SpeculationOptions,
};

const HELP: &str = "\
/reset          begin a new conversation; what /system said stays
/system TEXT    tell the model who it is; without TEXT, forget that
/save FILE      write the conversation to a JSON file
/help           this list
/exit           leave, as Ctrl-D does
Ctrl-C cuts an answer short.";

/// Arguments of `chat`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). Answers alone go to
stdout. When stdin is no terminal, every line of it is a question. In the chat, /help lists what else it understands.

Examples:
  sottovoce chat
  sottovoce chat my-model --system \"You answer in rhymes.\"
  printf 'What is the capital of Japan?\\n' | sottovoce chat --greedy")]
pub struct Arguments {
    /// Model to talk to
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// What the model should be told first
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    #[command(flatten)]
    answer: AnswerOptions,
    #[command(flatten)]
    speculation: SpeculationOptions,
    #[command(flatten)]
    options: ModelOptions,
}

/// Talks until the end of the input.
///
/// # Errors
/// The model cannot be loaded or fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let loaded = loading::load(&arguments.model, &arguments.options)?;
    let draft = arguments.speculation.load_draft(&arguments.options.load_options())?;
    let draft = draft.map(|draft| draft.for_session(&loaded.folder)).transpose()?;
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    conversation.set_system(arguments.system.clone());
    draft.into_iter().for_each(|draft| conversation.set_draft(draft));
    let mut lines = Lines::open()?;
    while let Some(line) = lines.next()? {
        match line.trim() {
            "" => {}
            "/exit" | "/quit" => break,
            command if command.starts_with('/') => obey(command, &mut conversation),
            question => answer(question, &mut conversation, arguments)?,
        }
    }
    Ok(())
}

/// Answers a question. What goes wrong is told, and the conversation goes on.
fn answer(question: &str, conversation: &mut Conversation<PackageModel>, arguments: &Arguments) -> anyhow::Result<()> {
    let mut options = arguments.answer.generate_options();
    options.speculation = arguments.speculation.speculate;
    let result = conversation.ask(question, options, answering::show);
    let interactive = io::stdin().is_terminal();
    match result.map_err(anyhow::Error::from).and_then(|answer| answering::finish(&answer)) {
        Err(error) if error.is::<Interrupted>() && interactive => interrupt::reset(),
        Err(error) if !error.is::<Interrupted>() && interactive => console::error(&error),
        other => return other,
    }
    Ok(())
}

fn obey(command: &str, conversation: &mut Conversation<PackageModel>) {
    let (verb, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    match (verb, rest.trim()) {
        ("/help", _) => console::note(HELP),
        ("/reset", _) => {
            conversation.reset();
            console::note("a new conversation");
        }
        ("/system", "") => {
            conversation.set_system(None);
            console::note("the model is told nothing first");
        }
        ("/system", text) => {
            conversation.set_system(Some(text.to_owned()));
            console::note("the model will be told so with the next question");
        }
        ("/save", "") => console::warn("/save needs a file name"),
        ("/save", file) => match save(Path::new(file), conversation) {
            Ok(()) => console::note(format_args!("wrote {file}")),
            Err(error) => console::error(&error),
        },
        _ => console::warn(format_args!("{verb} is unknown\n{HELP}")),
    }
}

fn save(file: &Path, conversation: &Conversation<PackageModel>) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(conversation.messages())?;
    fs::write(file, json + "\n").with_context(|| format!("cannot write {}", file.display()))
}

/// Where questions come from.
enum Lines {
    /// A person at a terminal, with a line editor and a history.
    Editor { editor: Box<DefaultEditor>, history: Option<PathBuf> },
    /// A file or pipe.
    Input(io::Lines<io::StdinLock<'static>>),
}

impl Lines {
    fn open() -> anyhow::Result<Self> {
        let stdin = io::stdin();
        if !stdin.is_terminal() {
            return Ok(Self::Input(stdin.lock().lines()));
        }
        // The prompt goes to the terminal itself, so that stdout has the answers alone.
        let config = Config::builder().behavior(Behavior::PreferTerm).auto_add_history(true).build();
        let mut editor = DefaultEditor::with_config(config).context("cannot use this terminal")?;
        let history = Cache::from_env().ok().map(|cache| cache.root().join("chat-history"));
        if let Some(path) = history.as_ref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            console::warn(format_args!("cannot read the history {}: {error}", path.display()));
        }
        console::note("/help lists what this chat understands besides questions; Ctrl-D leaves");
        Ok(Self::Editor { editor: Box::new(editor), history })
    }

    /// The next line; `None` at the end.
    fn next(&mut self) -> anyhow::Result<Option<String>> {
        match self {
            Self::Input(lines) => lines.next().transpose().context("cannot read stdin"),
            Self::Editor { editor, .. } => loop {
                match editor.readline("> ") {
                    Ok(line) => return Ok(Some(line)),
                    Err(ReadlineError::Eof) => return Ok(None),
                    Err(ReadlineError::Interrupted) => console::note("Ctrl-D or /exit leaves"),
                    Err(error) => return Err(error).context("cannot read from the terminal"),
                }
            },
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if let Self::Editor { editor, history: Some(path) } = self
            && let Err(error) = editor.save_history(path)
        {
            console::warn(format_args!("cannot write the history {}: {error}", path.display()));
        }
    }
}
