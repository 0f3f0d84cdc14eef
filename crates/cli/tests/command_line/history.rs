//! `sottovoce history`

use std::{fs, path::Path, process::Output, sync::Arc};

use sottovoce_history::{
    Conversation, History, Location, MessageState, NewConversation, NewMessage, Purpose, Role, open,
};
use sottovoce_testkit::postgres_database;

use crate::sottovoce;

/// Does something with the history of a folder.
fn with<T>(location: &Location, act: impl AsyncFnOnce(Arc<dyn History>) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let history = open(location, Purpose::Manage).await.unwrap();
        let result = act(history.clone()).await;
        history.close().await;
        result
    })
}

fn file(data: &Path) -> Location {
    Location::File(data.join("history.sqlite"))
}

/// Adds a conversation with a question and two answers to it.
async fn talk(history: &dyn History, title: &str, question: &str) -> Conversation {
    let conversation = history.create(NewConversation { title: title.to_owned(), system_prompt: None }).await.unwrap();
    let id = conversation.id;
    let add = async |parent, role, text: &str| {
        let (text, state) = (text.to_owned(), MessageState::Complete);
        history.append(NewMessage { conversation: id, parent, role, text, state, model: None }).await.unwrap().id
    };
    let asked = add(None, Role::User, question).await;
    add(Some(asked), Role::Assistant, "The first answer.").await;
    add(Some(asked), Role::Assistant, "The second answer.").await;
    conversation
}

/// A folder with a history of two conversations, the one about Italy newer.
fn data() -> (tempfile::TempDir, [String; 2]) {
    let data = tempfile::tempdir().unwrap();
    let ids = with(&file(data.path()), async |history| {
        let work = talk(&*history, "Work", "What is\u{1b}[31m left to do?").await;
        [work.id.to_string(), talk(&*history, "Holiday", "Where in Italy is the sea warmest?").await.id.to_string()]
    });
    (data, ids)
}

fn history(data: &Path, arguments: &[&str]) -> Output {
    let mut command = sottovoce(data);
    command.env("SOTTOVOCE_DATA", data).env_remove("SOTTOVOCE_HISTORY").arg("history").args(arguments);
    command.output().unwrap()
}

/// Runs a command that succeeds. Gives its stdout.
fn succeeds(data: &Path, arguments: &[&str]) -> String {
    let output = history(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that fails. Gives its stderr.
fn fails(data: &Path, arguments: &[&str]) -> String {
    let output = history(data, arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Titles of a list in JSON.
fn titles(data: &Path, arguments: &[&str]) -> Vec<String> {
    let listed = succeeds(data, &[arguments, &["--json"]].concat());
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    listed.as_array().unwrap().iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn conversations_are_listed_found_and_shown() {
    let (data, [work, holiday]) = data();
    let data = data.path();
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(succeeds(nothing.path(), &["list", "--json"]), "[]\n");
    assert_eq!(titles(data, &["list"]), ["Holiday", "Work"]);
    assert_eq!(titles(data, &["list", "--limit", "1"]), ["Holiday"]);
    assert_eq!(titles(data, &["search", "ITALY", "war"]), ["Holiday"]);
    assert_eq!(titles(data, &["search", "italy", "work"]), [""; 0]);
    let text = succeeds(data, &["search", "italy"]);
    assert!(text.starts_with("Holiday  20") && text.contains("\n  Where in Italy is the sea warmest?\n"), "{text}");
    assert!(text.ends_with(&format!("  {holiday}\n")), "{text}");
    let text = succeeds(data, &["search", "left"]);
    assert!(text.contains("What is [31m left to do?"), "{text:?}");
    let shown = succeeds(data, &["show", &holiday]);
    let order = ["# Holiday", "Where in Italy", "The second answer.", "Another branch", "The first answer."];
    let places: Vec<_> =
        order.iter().map(|words| shown.find(words).unwrap_or_else(|| panic!("{words}: {shown}"))).collect();
    assert!(places.is_sorted(), "{shown}");
    let shown: serde_json::Value = serde_json::from_str(&succeeds(data, &["show", &work[..30], "--json"])).unwrap();
    assert_eq!((&shown["conversation"]["title"], &shown["messages"][1]["role"]), (&"Work".into(), &"assistant".into()));
    for (beginning, expected) in
        [("xyz", "there is no conversation 'xyz'"), ("0", "several conversations begin with '0'")]
    {
        let error = fails(data, &["show", beginning]);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn conversations_go_to_files_and_come_back() {
    let (data, [_, holiday]) = data();
    let (data, other) = (data.path(), tempfile::tempdir().unwrap());
    let exported = data.join("export.json");
    let (exported, other) = (exported.to_str().unwrap(), other.path());
    succeeds(data, &["export", "-o", exported]);
    let text = fs::read_to_string(exported).unwrap();
    assert_eq!(succeeds(data, &["export"]), text);
    let output = history(other, &["import", exported]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "2 new conversations, 6 new messages\n");
    let output = history(data, &["import", exported]);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "0 new conversations, 0 new messages\n");
    assert_eq!(succeeds(other, &["export"]), text);
    let markdown = data.join("holiday.md");
    succeeds(data, &["export", &holiday, "--format", "markdown", "--output", markdown.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&markdown).unwrap(), succeeds(data, &["show", &holiday]));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&markdown).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    let error = fails(data, &["export", "--format", "markdown"]);
    assert!(error.contains("Markdown is for one conversation"), "{error}");
    let error = fails(other, &["import", "README.md"]);
    assert!(error.contains("README.md") && error.contains("it is not an export in JSON"), "{error}");
    let error = fails(other, &["import", "no-such-file"]);
    assert!(error.contains("cannot open no-such-file"), "{error}");
}

#[test]
fn conversations_are_marked_removed_and_expire() {
    let (data, [work, holiday]) = data();
    let data = data.path();
    succeeds(data, &["favourite", &work]);
    assert_eq!(titles(data, &["list", "--favourites"]), ["Work"]);
    assert!(succeeds(data, &["list"]).contains(", favourite\n"));
    succeeds(data, &["favourite", &work, "--remove"]);
    assert_eq!(titles(data, &["list", "--favourites"]), [""; 0]);
    // Nothing here is older than any of these.
    let keep = |days: Option<u32>| {
        let settings = serde_json::json!({"retention_days": days});
        with(&file(data), async |history| history.save_settings(&settings).await.unwrap());
    };
    succeeds(data, &["expire"]);
    keep(Some(7));
    succeeds(data, &["expire"]);
    succeeds(data, &["expire", "--days", "1"]);
    assert_eq!(titles(data, &["list"]).len(), 2);
    keep(None);
    let error = fails(data, &["expire"]);
    assert!(error.contains("the settings keep conversations for ever; give --days"), "{error}");
    let error = fails(data, &["delete", "--all"]);
    assert!(error.contains("this removes every conversation; --yes says that it should"), "{error}");
    succeeds(data, &["delete", &holiday]);
    assert_eq!(titles(data, &["list"]), ["Work"]);
    succeeds(data, &["delete", "--all", "--yes"]);
    assert_eq!(titles(data, &["list"]), [""; 0]);
}

#[test]
fn the_place_can_be_chosen() {
    let (data, _) = data();
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().to_str().unwrap();
    assert_eq!(titles(data.path(), &["--data-dir", folder, "list"]), [""; 0]);
    assert!(elsewhere.path().join("history.sqlite").is_file());
    let error = fails(data.path(), &["list", "--history", "postgres://me:secret@127.0.0.1:1/db"]);
    assert!(error.contains("cannot open the history in postgres://127.0.0.1:1/db"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let Some(url) = postgres_database() else { return };
    let exported = elsewhere.path().join("export.json");
    let exported = exported.to_str().unwrap();
    succeeds(data.path(), &["export", "-o", exported]);
    succeeds(data.path(), &["import", exported, "--history", &url]);
    assert_eq!(titles(data.path(), &["list", "--history", &url]), ["Holiday", "Work"]);
}
