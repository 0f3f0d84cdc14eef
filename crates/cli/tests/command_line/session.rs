//! `sottovoce session`

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use sottovoce_llm::snapshot;

use crate::sottovoce;

const CONVERSATION: &str = r#"{"model":"my-model","messages":[
    {"role":"system","content":"Be brief."},{"role":"user","content":"Hi there\nyou"},{"role":"assistant","content":"Hello."}
],"forgotten":0}"#;

/// A data folder with sessions of these names.
fn data(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sessions")).unwrap();
    for name in names {
        snapshot::write(&file(folder.path(), name), CONVERSATION, None).unwrap();
    }
    folder
}

fn file(data: &Path, name: &str) -> PathBuf {
    data.join("sessions").join(format!("{name}.session"))
}

fn session(data: &Path, arguments: &[&str]) -> Output {
    sottovoce(data).env("SOTTOVOCE_DATA", data).arg("session").args(arguments).output().unwrap()
}

/// Runs a command that succeeds. Gives its stdout.
fn succeeds(data: &Path, arguments: &[&str]) -> String {
    let output = session(data, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that fails. Gives its stderr.
fn fails(data: &Path, arguments: &[&str]) -> String {
    let output = session(data, arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn sessions_are_listed_and_shown() {
    let data = data(&["holiday", "work"]);
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(succeeds(nothing.path(), &["list", "--json"]), "[]\n");
    fs::write(file(data.path(), "damaged"), b"SVSTATE").unwrap();
    fs::write(data.path().join("sessions/notes.txt"), b"not a session").unwrap();
    let listed: serde_json::Value = serde_json::from_str(&succeeds(data.path(), &["list", "--json"])).unwrap();
    let rows = listed.as_array().unwrap();
    assert_eq!(rows.len(), 3);
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let holiday = row("holiday");
    assert_eq!((&holiday["model"], &holiday["title"]), (&"my-model".into(), &"Hi there".into()));
    assert_eq!((&holiday["messages"], &holiday["tokens"], &holiday["error"]), (&3.into(), &0.into(), &().into()));
    assert!(holiday["modified"].as_u64().unwrap() > 1_700_000_000);
    assert!(row("damaged")["error"].as_str().unwrap().contains("damaged.session: it is shorter than a header"));
    let text = succeeds(data.path(), &["list"]);
    for words in ["holiday  just now", "3 messages, 0 tokens kept", "Hi there", "it is shorter than a header"] {
        assert!(text.contains(words), "{text}");
    }
    assert_eq!(
        succeeds(data.path(), &["show", "work"]),
        "system\nBe brief.\n\nuser\nHi there\nyou\n\nassistant\nHello.\n\n"
    );
    let shown: serde_json::Value = serde_json::from_str(&succeeds(data.path(), &["show", "work", "--json"])).unwrap();
    assert_eq!(shown["messages"][2]["content"], "Hello.");
}

#[test]
fn sessions_go_to_files_and_come_back() {
    let data = data(&["holiday"]);
    let copy = data.path().join("copy.session");
    succeeds(data.path(), &["save", "holiday", copy.to_str().unwrap()]);
    assert_eq!(snapshot::read(&copy).unwrap().text, CONVERSATION);
    succeeds(data.path(), &["load", copy.to_str().unwrap()]);
    succeeds(data.path(), &["load", copy.to_str().unwrap(), "--name", "other"]);
    assert_eq!(fs::read(file(data.path(), "copy")).unwrap(), fs::read(file(data.path(), "other")).unwrap());
    let error = fails(data.path(), &["load", copy.to_str().unwrap()]);
    assert!(error.contains("there is a session 'copy' already"), "{error}");
    let error = fails(data.path(), &["load", "README.md", "--name", "readme"]);
    assert!(error.contains("README.md: it holds no conversation or state"), "{error}");
    snapshot::write(&copy, "a state without messages", None).unwrap();
    let error = fails(data.path(), &["load", copy.to_str().unwrap(), "--name", "new"]);
    assert!(error.contains("it holds no conversation"), "{error}");
    assert!(!file(data.path(), "new").exists());
}

#[test]
fn sessions_are_removed() {
    let data = data(&["a", "b", "c"]);
    succeeds(data.path(), &["delete", "a", "c"]);
    assert_eq!(fs::read_dir(data.path().join("sessions")).unwrap().count(), 1);
    assert!(fails(data.path(), &["delete", "a"]).contains("there is no session 'a'"));
}

#[test]
fn names_stay_in_the_folder() {
    let data = data(&["a"]);
    for name in ["", "../a", "a/b", "a.session", "-a", ".a", &"x".repeat(65)] {
        let error = fails(data.path(), &["show", "--", name]);
        assert!(error.contains("is no name of a session"), "{name}: {error}");
    }
    assert!(fails(data.path(), &["show", "nosuch"]).contains("`sottovoce session list` has the names"));
}
