//! What the assistant keeps: found again, exported, imported, deleted, and there after the server was killed.

use std::{fs, path::Path};

use serde_json::{Value, json};
use sottovoce_testkit::postgres_database;

use crate::{
    server::model,
    talk::{Event, Talk, id, text_of},
};

#[test]
fn conversations_are_found_marked_renamed_and_deleted() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    let talk = Talk::start(model, folder.path(), &[]);
    talk.set(json!({ "max_tokens": 4 }));
    let [zebras, volcanoes] = ["Do zebras sleep?", "Are there volcanoes in Iceland?"].map(|question| {
        let conversation = talk.begin();
        talk.ask_and_wait(&conversation, None, question);
        conversation
    });
    let listed = |query: &str| -> Vec<String> {
        let page = talk.server.get(&format!("/api/conversations{query}")).body;
        page["conversations"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(id).collect()
    };
    assert_eq!(listed(""), [&*volcanoes, &*zebras]);
    assert_eq!(listed("?limit=1"), [&*volcanoes]);
    assert_eq!(listed(&format!("?limit=1&after={volcanoes}")), [&*zebras]);
    assert_eq!(listed("?search=ZEBRA"), [&*zebras]);
    assert_eq!(listed("?favourites=true"), [""; 0]);
    let change = json!({ "favourite": true, "title": "Fire" });
    let changed = talk.server.call("PATCH", &format!("/api/conversations/{volcanoes}"), &change).body;
    assert_eq!((&changed["title"], &changed["favourite"]), (&json!("Fire"), &json!(true)));
    assert_eq!(listed("?favourites=true"), [&*volcanoes]);
    let message = id(&talk.messages(&zebras)[1]);
    let marked = talk.server.call("PATCH", &format!("/api/messages/{message}"), &json!({ "favourite": true }));
    assert_eq!((marked.status, &marked.body["favourite"]), (200, &json!(true)));

    let exported = talk.server.get("/api/export?format=json");
    assert_eq!(exported.status, 200);
    let transcripts = [&zebras, &volcanoes].map(|id| talk.server.get(&format!("/api/conversations/{id}")).body);
    let one = talk.server.get(&format!("/api/conversations/{zebras}/export?format=markdown"));
    assert!(one.body.as_str().unwrap().contains("Do zebras sleep?"), "{}", one.body);

    let states = folder.path().join("states");
    assert_eq!(talk.server.call("DELETE", &format!("/api/conversations/{zebras}"), &Value::Null).status, 204);
    assert_eq!(listed(""), [&*volcanoes]);
    assert!(!states.join(format!("{zebras}.state")).exists());
    assert_eq!(talk.server.call("DELETE", "/api/conversations", &Value::Null).body, json!({ "deleted": 1 }));
    assert_eq!((listed(""), fs::read_dir(&states).unwrap().count()), (vec![], 0));

    let imported = talk.server.post("/api/import", &exported.body);
    assert_eq!(imported.body, json!({ "conversations": 2, "messages": 4 }), "{}", exported.body);
    for transcript in transcripts {
        let again = talk.server.get(&format!("/api/conversations/{}", id(&transcript["conversation"]))).body;
        assert_eq!(again["messages"], transcript["messages"]);
        assert_eq!(again["conversation"]["title"], transcript["conversation"]["title"]);
    }
    let twice = talk.server.post("/api/import", &exported.body).body;
    assert_eq!(twice, json!({ "conversations": 0, "messages": 0 }));
}

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut talk = Talk::start(model, folder.path(), &[]);
    let conversation = talk.begin();
    let first = talk.ask_and_wait(&conversation, None, "What is the capital of Japan?");
    talk.set(json!({ "max_tokens": 400 }));
    let (question, answer) = talk.ask(&conversation, Some(&id(&first)), "Tell me a long story about that city.");
    // Once a part of the answer is on the disk. A look for each piece of it: as many as can be made at once would be refused.
    let mut pieces = talk.follow(&id(&answer));
    let written = loop {
        pieces.next().expect("it is written before it ends");
        let text = talk.messages(&conversation)[3]["text"].as_str().unwrap().to_owned();
        if !text.is_empty() {
            break text;
        }
    };
    talk.server.kill();

    let talk = Talk::start(model, folder.path(), &[]);
    let messages = talk.messages(&conversation);
    assert_eq!(messages[..3], [messages[0].clone(), first, question]);
    assert_eq!((&messages[3]["id"], &messages[3]["state"]), (&answer["id"], &json!("interrupted")));
    assert!(messages[3]["text"].as_str().unwrap().starts_with(&written));
    let events: Vec<Event> = talk.follow(&id(&answer)).collect();
    assert_eq!((text_of(&events), &events.last().unwrap().1), (written_text(&messages[3]), &messages[3]));
    // What was interrupted is asked for again, and the settings are those of before.
    let again = talk.server.post(&format!("/api/messages/{}/answers", messages[2]["id"].as_str().unwrap()), &json!({}));
    assert_eq!(talk.wait(&id(&again.body["answer"]))["state"], "complete");
}

fn written_text(message: &Value) -> String {
    message["text"].as_str().unwrap().to_owned()
}

/// The states in a data folder.
#[cfg(unix)]
fn states(data: &Path) -> usize {
    fs::read_dir(data.join("states")).map_or(0, Iterator::count)
}

#[cfg(unix)]
#[test]
fn a_conversation_goes_on_after_a_restart_without_being_computed_again() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut talk = Talk::start(model, folder.path(), &["--parallel", "1"]);
    let conversation = talk.begin();
    let first = talk.ask_and_wait(&conversation, None, "What is the capital of Japan?");
    let tokens = |answer: &Value, name: &str| answer["usage"][name].as_u64().unwrap();
    let known = tokens(&first, "prompt_tokens") + tokens(&first, "completion_tokens") - 2;
    talk.end();
    assert_eq!(states(folder.path()), 1);

    // With one place, which another conversation had meanwhile.
    let mut talk = Talk::start(model, folder.path(), &["--parallel", "1"]);
    let other = talk.begin();
    talk.ask_and_wait(&other, None, "How many legs does a spider have?");
    let next = talk.ask_and_wait(&conversation, Some(&id(&first)), "And of Italy?");
    assert!(tokens(&next, "cached_tokens") >= known, "{first} {next}");
    talk.end();
    assert_eq!(states(folder.path()), 2);

    // A damaged state, or one of another model, is of no use, and no harm.
    fs::write(folder.path().join("states").join(format!("{conversation}.state")), "nonsense").unwrap();
    let talk = Talk::start(model, folder.path(), &["--parallel", "1"]);
    let last = talk.ask_and_wait(&conversation, Some(&id(&next)), "And of Germany?");
    assert_eq!(last["state"], "complete");
    assert!(tokens(&last, "cached_tokens") < known, "{last}");
}

#[test]
fn servers_that_share_a_database_share_their_answers() {
    let Some(model) = model() else { return };
    let Some(url) = postgres_database() else { return };
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [one, other] = folders.each_ref().map(|folder| Talk::start(model, folder.path(), &["--history", &url]));
    one.set(json!({ "max_tokens": 400 }));
    let conversation = one.begin();
    let (_, answer) = one.ask(&conversation, None, "Tell me a long story about a dragon and a village.");
    let mut reader = other.follow(&id(&answer));
    let mut events: Vec<Event> = Vec::new();
    while text_of(&events).is_empty() {
        events.extend(reader.next());
    }
    assert_eq!(other.server.post(&format!("/api/messages/{}/stop", id(&answer)), &json!({})).status, 202);
    events.extend(reader);
    let whole = one.wait(&id(&answer));
    assert_eq!((&whole["state"], whole["text"].as_str().unwrap()), (&json!("stopped"), &*text_of(&events)));
    assert_eq!(events.last().unwrap(), &("done".to_owned(), whole));
    // And goes on there.
    other.set(json!({ "max_tokens": 4 }));
    let next = other.ask_and_wait(&conversation, Some(&id(&answer)), "Thank you!");
    assert_eq!(one.messages(&conversation)[3], next);
}
