//! Where questions come from.

use std::{
    io::{self, BufRead, IsTerminal},
    path::PathBuf,
};

use anyhow::Context;
use rustyline::{Behavior, Config, DefaultEditor, error::ReadlineError};
use sottovoce_hub::Cache;

use crate::console;

/// A source of lines.
pub enum Lines {
    /// A person at a terminal, with a line editor and a history.
    Editor { editor: Box<DefaultEditor>, history: Option<PathBuf> },
    /// A file or pipe.
    Input(io::Lines<io::StdinLock<'static>>),
}

impl Lines {
    /// Lines of stdin, which may be a terminal.
    ///
    /// # Errors
    /// The terminal is of no use.
    pub fn open() -> anyhow::Result<Self> {
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
    ///
    /// # Errors
    /// It cannot be read.
    pub fn next(&mut self) -> anyhow::Result<Option<String>> {
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
