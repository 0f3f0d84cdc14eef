//! `sottovoce history`

use std::{
    fs,
    io::{BufWriter, IsTerminal, Read, Write, stdin},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use sottovoce_history::{
    ConversationChange, Filter, History, JsonExport, Listed, MAX_EXPORT_BYTES, MAX_PAGE, Purpose, markdown, open,
    parse_export,
};
use uuid::Uuid;

use crate::{
    console::{self, BOLD, DIM, YELLOW},
    history_place::HistoryPlace,
    interrupt,
};

/// Days that conversations are kept where the settings say nothing.
const RETENTION_DAYS: i64 = 30;

/// Arguments of `history`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The history is what `sottovoce serve` keeps: the conversations of its page. It is a file in the folder for data, or a database \
of a PostgreSQL server; it can be used while a server runs. ID is a conversation's identifier, as `list` shows it, or as much \
of its beginning as no other one has.

Examples:
  sottovoce history list
  sottovoce history search holiday italy
  sottovoce history show 019a
  sottovoce history export -o history.json
  sottovoce history export 019a --format markdown -o holiday.md
  sottovoce history import history.json --history postgres://user:password@host/sottovoce
  sottovoce history list --json | jq -r '.[].title'")]
pub struct Arguments {
    #[command(flatten)]
    place: HistoryPlace,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the conversations, the last updated first
    List {
        /// Only favourites, and conversations with a favourite message
        #[arg(long)]
        favourites: bool,
        #[command(flatten)]
        output: ListOutput,
    },
    /// Find conversations whose title, or one message, has all these words, or words that begin so
    Search {
        /// The words; case and accents make no difference
        #[arg(required = true)]
        words: Vec<String>,
        #[command(flatten)]
        output: ListOutput,
    },
    /// Show a conversation: its newest thread, then the other branches
    Show {
        /// The conversation
        id: String,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// Write conversations to a file
    Export {
        /// The conversations [default: all]
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// JSON has everything and can be imported; Markdown is for people, and for one conversation
        #[arg(long, default_value = "json")]
        format: Format,
        /// File to write, which is replaced if it exists [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Add the conversations that `export` wrote as JSON; what is here already stays as it is
    Import {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Remove conversations
    #[command(group(clap::ArgGroup::new("which").required(true).args(["ids", "all"])))]
    Delete {
        /// The conversations
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// All of them; settings stay
        #[arg(long)]
        all: bool,
        /// Do not ask
        #[arg(long, requires = "all")]
        yes: bool,
    },
    /// Mark conversations as favourites, which never expire
    Favourite {
        /// The conversations
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
        /// Take the mark away
        #[arg(long)]
        remove: bool,
    },
    /// Remove the conversations that have not changed for some time and are no favourites, as a server does by itself
    Expire {
        /// How many days [default: as in the settings, else 30]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        days: Option<u32>,
    },
}

#[derive(Debug, clap::Args)]
struct ListOutput {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// As a JSON array
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Format {
    Json,
    Markdown,
}

/// Looks at the history, or changes it.
///
/// # Errors
/// It cannot be opened, there is no such conversation, or a file cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let location = arguments.place.location()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        let history = open(&location, Purpose::Manage).await?;
        let result = act(&*history, &arguments.action).await;
        history.close().await;
        result
    })
}

async fn act(history: &dyn History, action: &Action) -> anyhow::Result<()> {
    match action {
        Action::List { favourites, output } => {
            list(history, Filter { favourites: *favourites, ..Filter::default() }, output).await
        }
        Action::Search { words, output } => {
            list(history, Filter { search: words.join(" "), ..Filter::default() }, output).await
        }
        Action::Show { id, json } => show(history, id, *json).await,
        Action::Export { ids, format, output } => export(history, ids, *format, output.as_deref()).await,
        Action::Import { file } => import(history, file).await,
        Action::Delete { all: true, yes, .. } => delete_all(history, *yes).await,
        Action::Delete { ids, .. } => {
            for id in find(history, ids).await? {
                history.delete(id).await?;
            }
            Ok(())
        }
        Action::Favourite { ids, remove } => {
            for id in find(history, ids).await? {
                history.update(id, ConversationChange { favourite: Some(!remove), ..Default::default() }).await?;
            }
            Ok(())
        }
        Action::Expire { days } => expire(history, *days).await,
    }
}

/// The conversations whose identifiers begin so.
async fn find(history: &dyn History, beginnings: &[String]) -> anyhow::Result<Vec<Uuid>> {
    let ids = history.ids().await?;
    let find = |beginning: &String| {
        let mut found = ids.iter().filter(|id| id.to_string().starts_with(&beginning.to_lowercase()));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(*id),
            (None, _) => bail!("there is no conversation '{beginning}'; `sottovoce history list` has the identifiers"),
            (Some(_), Some(_)) => bail!("several conversations begin with '{beginning}'; give more of the identifier"),
        }
    };
    beginnings.iter().map(find).collect()
}

async fn list(history: &dyn History, mut filter: Filter, output: &ListOutput) -> anyhow::Result<()> {
    let mut listed: Vec<Listed> = Vec::new();
    loop {
        let wanted = output.limit - listed.len();
        filter.limit = u32::try_from(wanted).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let page = history.list(&filter).await?;
        filter.after = page.conversations.last().map(|last| last.conversation.id);
        listed.extend(page.conversations);
        interrupt::stop_if_asked()?;
        if !page.more || listed.len() >= output.limit {
            break;
        }
    }
    let mut out = console::stdout();
    if output.json {
        writeln!(out, "{}", serde_json::to_string(&listed)?)?;
        return Ok(());
    }
    for Listed { conversation, excerpt } in &listed {
        let updated = conversation.updated.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M");
        let mark = if conversation.favourite { ", favourite" } else { "" };
        writeln!(out, "{BOLD}{}{BOLD:#}  {updated}{mark}", one_line(&conversation.title))?;
        if let Some(found) = excerpt {
            let (before, after) = (one_line(&found.before), one_line(&found.after));
            writeln!(out, "  {before}{YELLOW}{}{YELLOW:#}{after}", found.word)?;
        }
        writeln!(out, "  {DIM}{}{DIM:#}", conversation.id)?;
    }
    Ok(())
}

/// A text without line breaks and other control characters, which terminals obey.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

async fn show(history: &dyn History, id: &str, json: bool) -> anyhow::Result<()> {
    let mut out = console::stdout();
    for id in find(history, &[id.to_owned()]).await? {
        let transcript = history.transcript(id).await?;
        let text = if json { serde_json::to_string_pretty(&transcript)? + "\n" } else { markdown(&transcript) };
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

async fn export(history: &dyn History, ids: &[String], format: Format, to: Option<&Path>) -> anyhow::Result<()> {
    let ids = if ids.is_empty() { history.ids().await? } else { find(history, ids).await? };
    ensure!(format == Format::Json || ids.len() == 1, "Markdown is for one conversation; give its ID");
    let Some(path) = to else {
        return write(history, &ids, format, console::stdout()).await;
    };
    // Beside the file, which is replaced when all is there; nobody else may read it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file =
        tempfile::NamedTempFile::new_in(folder).with_context(|| format!("cannot write in {}", folder.display()))?;
    write(history, &ids, format, BufWriter::new(&file)).await?;
    file.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    console::note(format_args!("wrote {} conversations to {}", ids.len(), path.display()));
    Ok(())
}

async fn write(history: &dyn History, ids: &[Uuid], format: Format, mut to: impl Write) -> anyhow::Result<()> {
    if format == Format::Markdown {
        for &id in ids {
            to.write_all(markdown(&history.transcript(id).await?).as_bytes())?;
        }
        return Ok(to.flush()?);
    }
    let mut export = JsonExport::new(to)?;
    for &id in ids {
        interrupt::stop_if_asked()?;
        export.add(&history.transcript(id).await?)?;
    }
    export.finish()?;
    Ok(())
}

async fn import(history: &dyn History, file: &Path) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    let (from, name): (Box<dyn Read>, _) = if file == Path::new("-") {
        (Box::new(stdin()), "standard input".to_owned())
    } else {
        let opened = fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
        (Box::new(opened), file.display().to_string())
    };
    // One byte more is enough to be refused.
    from.take(MAX_EXPORT_BYTES as u64 + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {name}"))?;
    let transcripts = parse_export(&bytes).with_context(|| name)?;
    drop(bytes);
    let imported = history.import(&transcripts).await?;
    console::note(format_args!(
        "{} new conversations, {} new messages",
        console::grouped(imported.conversations),
        console::grouped(imported.messages)
    ));
    Ok(())
}

async fn delete_all(history: &dyn History, yes: bool) -> anyhow::Result<()> {
    if !yes {
        ensure!(stdin().is_terminal(), "this removes every conversation; --yes says that it should");
        let count = history.ids().await?.len();
        eprint!("Remove all {count} conversations? [y/N] ");
        let mut answer = String::new();
        stdin().read_line(&mut answer).context("cannot read the answer")?;
        ensure!(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()), "nothing was removed");
    }
    let deleted = history.delete_all().await?;
    console::note(format_args!("removed {} conversations", console::grouped(deleted)));
    Ok(())
}

async fn expire(history: &dyn History, days: Option<u32>) -> anyhow::Result<()> {
    let days = match days {
        Some(days) => days.into(),
        None => match history.settings().await?.as_ref().map(|settings| &settings["retention_days"]) {
            Some(days) => days.as_i64().context("the settings keep conversations for ever; give --days")?,
            None => RETENTION_DAYS,
        },
    };
    let before = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let expired = history.expire(before).await?;
    console::note(format_args!("removed {} conversations", console::grouped(expired.len() as u64)));
    Ok(())
}
