//! `sottovoce session`

use std::{
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context, ensure};
use serde::Serialize;
use sottovoce_llm::{
    chat::{Message, Role, StoredConversation},
    snapshot,
};

use crate::{
    console::{self, BOLD, DIM, YELLOW},
    sessions::{Listed, Sessions},
};

/// Arguments of `session`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A session is a conversation that `sottovoce chat --session NAME` keeps: its messages after every answer, and when the chat \
ends also the keys and values, so that the next one goes on without computing anything again. Keys and values are used with \
the same package, function and precision; with another the messages are computed anew. Sessions are private files under \
SOTTOVOCE_DATA, else in the system's folder for data.

Examples:
  sottovoce session list
  sottovoce session show holiday
  sottovoce session save holiday holiday.session
  sottovoce session load holiday.session --name copy
  sottovoce session show holiday --json | jq -r '.messages[-1].content'")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the sessions, the last changed first
    List {
        /// As a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show what was said
    Show {
        /// Name of the session
        name: String,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write a session to a file
    Save {
        /// Name of the session
        name: String,
        /// File to write, which is replaced if it exists
        file: PathBuf,
        /// Leave the keys and values out: a file of a few kilobytes, whose messages are computed again
        #[arg(long)]
        messages_only: bool,
    },
    /// Take a session from a file that `save` wrote
    Load {
        /// The file
        file: PathBuf,
        /// Name of the new session [default: that of the file]
        #[arg(long)]
        name: Option<String>,
    },
    /// Remove sessions
    Delete {
        /// Names of the sessions
        #[arg(required = true)]
        names: Vec<String>,
    },
}

/// Lists, shows, copies or removes sessions.
///
/// # Errors
/// There is no such session, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let sessions = Sessions::from_env()?;
    match &arguments.action {
        Action::List { json } => list(&sessions, *json),
        Action::Show { name, json } => show(&sessions.find(name)?, *json),
        Action::Save { name, file, messages_only } => {
            copy(&sessions.find(name)?, file, *messages_only)?;
            console::note(format_args!("wrote {}", file.display()));
            Ok(())
        }
        Action::Load { file, name } => {
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            let name =
                name.as_deref().or(stem).context("the file has no name that a session could have; give --name")?;
            let session = sessions.open(name)?;
            ensure!(!session.path.exists(), "there is a session '{name}' already; choose another with --name");
            copy(file, &session.path, false)?;
            console::note(format_args!("loaded; `sottovoce chat --session {name}` goes on with it"));
            Ok(())
        }
        Action::Delete { names } => names.iter().try_for_each(|name| sessions.delete(name)),
    }
}

/// Copies a session, whose whole file is checked.
fn copy(from: &Path, to: &Path, messages_only: bool) -> anyhow::Result<()> {
    StoredConversation::read(from)?;
    let contents = snapshot::read(from)?;
    snapshot::write(to, &contents.text, contents.snapshot.as_ref().filter(|_| !messages_only))?;
    Ok(())
}

/// A session as JSON.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    bytes: u64,
    /// Seconds since 1970.
    modified: u64,
    #[serde(flatten)]
    contents: Option<Summary<'a>>,
    /// Why it cannot be read.
    error: Option<String>,
}

#[derive(Serialize)]
struct Summary<'a> {
    model: &'a str,
    messages: usize,
    /// Tokens whose keys and values are kept.
    tokens: usize,
    /// The first question.
    title: &'a str,
}

fn list(sessions: &Sessions, json: bool) -> anyhow::Result<()> {
    let listed = sessions.list()?;
    let rows: Vec<Row<'_>> = listed.iter().map(row).collect();
    let mut out = console::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string(&rows)?)?;
        return Ok(());
    }
    for (row, session) in rows.iter().zip(&listed) {
        let age = age(SystemTime::now().duration_since(session.modified).unwrap_or_default());
        write!(out, "{BOLD}{}{BOLD:#}  {age}, {}", row.name, console::bytes(row.bytes))?;
        match (&row.contents, &row.error) {
            (Some(summary), _) => {
                let Summary { model, messages, tokens, title } = summary;
                writeln!(out, ", {messages} messages, {tokens} tokens kept\n  {title}\n  {DIM}{model}{DIM:#}")?;
            }
            (None, error) => writeln!(out, "\n  {YELLOW}{}{YELLOW:#}", error.as_deref().unwrap_or_default())?,
        }
    }
    writeln!(out, "{DIM}sessions: {}{DIM:#}", sessions.folder().display())?;
    Ok(())
}

fn row(listed: &Listed) -> Row<'_> {
    let modified = listed.modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    let contents = listed.contents.as_ref().ok().map(|(stored, tokens)| Summary {
        model: &stored.model,
        messages: stored.messages.len(),
        tokens: *tokens,
        title: title(&stored.messages),
    });
    let error = listed.contents.as_ref().err().map(ToString::to_string);
    Row { name: &listed.name, bytes: listed.bytes, modified, contents, error }
}

/// The first line of the first question.
fn title(messages: &[Message]) -> &str {
    let question = messages.iter().find(|message| message.role == Role::User);
    question.and_then(|message| message.content.lines().next()).unwrap_or_default()
}

/// `5 minutes ago`, in the largest unit that is there more than once.
fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let units = [(86_400, "days"), (3_600, "hours"), (60, "minutes")];
    match units.iter().find(|(unit, _)| seconds >= 2 * unit) {
        Some((unit, name)) => format!("{} {name} ago", seconds / unit),
        None => "just now".to_owned(),
    }
}

fn show(path: &Path, json: bool) -> anyhow::Result<()> {
    let (stored, _) = StoredConversation::read(path)?;
    let mut out = console::stdout();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(&stored)?)?;
        return Ok(());
    }
    for message in &stored.messages {
        let role = serde_json::to_value(message.role)?;
        writeln!(out, "{BOLD}{}{BOLD:#}\n{}\n", role.as_str().unwrap_or_default(), message.content.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_well() {
        let ages = [0, 119, 120, 7_199, 7_200, 172_800].map(|seconds| age(Duration::from_secs(seconds)));
        let expected = ["just now", "just now", "2 minutes ago", "119 minutes ago", "2 hours ago", "2 days ago"];
        assert_eq!(ages, expected);
    }
}
