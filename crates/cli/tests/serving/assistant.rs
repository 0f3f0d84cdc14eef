//! Conversations with the assistant behind the page.

use serde_json::{Value, json};

use crate::{
    server::model,
    talk::{Event, Talk, id, text_of},
};

/// Something that the model has much to say about.
const LONG: &str = "Tell me a long story about a dragon and a village.";

fn start() -> Option<(tempfile::TempDir, Talk)> {
    let folder = tempfile::tempdir().unwrap();
    let talk = Talk::start(model()?, folder.path(), &[]);
    Some((folder, talk))
}

#[test]
fn a_question_is_answered_and_kept() {
    let Some((_folder, talk)) = start() else { return };
    let conversation = talk.begin();
    let answer = talk.ask_and_wait(&conversation, None, "What is the\ncapital of Japan?");
    assert!(answer["text"].as_str().unwrap().contains("Tokyo"), "{answer}");
    assert_eq!((&answer["state"], &answer["model"]), (&json!("complete"), &json!("smollm2")));
    let usage = |name: &str| answer["usage"][name].as_f64().unwrap();
    assert!(usage("prompt_tokens") > 10.0 && usage("completion_tokens") > 1.0 && usage("seconds") > 0.0, "{answer}");

    let kept = talk.server.get(&format!("/api/conversations/{conversation}")).body;
    assert_eq!(kept["conversation"]["title"], "What is the capital of Japan?");
    assert_eq!(kept["messages"][1], answer);
    // The next question finds all of it in the state, with the tokens that the model chose.
    let next = talk.ask_and_wait(&conversation, Some(&id(&answer)), "And of Italy?");
    let known = usage("prompt_tokens") + usage("completion_tokens") - 2.0;
    assert!(next["usage"]["cached_tokens"].as_f64().unwrap() >= known, "{next}");
    // An answer that has ended can be followed too.
    let events: Vec<Event> = talk.follow(&id(&answer)).collect();
    assert_eq!(events.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["text", "done"]);
}

#[test]
fn an_answer_goes_on_when_its_reader_leaves_and_can_be_followed_from_anywhere() {
    let Some((_folder, talk)) = start() else { return };
    talk.set(json!({ "max_tokens": 120 }));
    let (_, answer) = talk.ask(&talk.begin(), None, LONG);
    let answer = id(&answer);
    let mut first: Vec<Event> = Vec::new();
    let mut reader = talk.follow(&answer);
    while text_of(&first).is_empty() {
        first.extend(reader.next());
    }
    drop(reader);
    // Two at the same time, one of whom takes a break.
    let mut slow = talk.follow(&answer);
    let mut others: Vec<Event> = slow.next().into_iter().collect();
    let whole = talk.wait(&answer);
    others.extend(slow);
    assert_eq!(text_of(&others), whole["text"].as_str().unwrap());
    assert!(whole["text"].as_str().unwrap().starts_with(&text_of(&first)));
    assert_eq!((&whole["state"], &whole["usage"]["completion_tokens"]), (&json!("complete"), &json!(120)));
}

#[test]
fn an_answer_can_be_stopped() {
    let Some((_folder, talk)) = start() else { return };
    talk.set(json!({ "max_tokens": 400 }));
    let conversation = talk.begin();
    let (_, answer) = talk.ask(&conversation, None, LONG);
    let mut reader = talk.follow(&id(&answer));
    let mut events: Vec<Event> = Vec::new();
    while text_of(&events).len() < 20 {
        events.extend(reader.next());
    }
    // A question cannot follow what is not there yet.
    let question = json!({ "text": "Go on?", "parent": answer["id"] });
    assert_eq!(talk.server.post(&format!("/api/conversations/{conversation}/messages"), &question).status, 409);
    let stopped = talk.server.post(&format!("/api/messages/{}/stop", id(&answer)), &json!({}));
    assert_eq!(stopped.status, 202);
    events.extend(reader);
    let (name, message) = events.last().unwrap();
    assert_eq!((name.as_str(), &message["state"]), ("done", &json!("stopped")));
    assert_eq!(message["text"], text_of(&events));
    // What it took is told while it is made, and kept.
    let (so_far, taken) = (&events[events.len() - 2].1["usage"], &message["usage"]);
    assert_eq!(so_far["prompt_tokens"], taken["prompt_tokens"]);
    let tokens = |usage: &Value| usage["completion_tokens"].as_u64().unwrap_or_else(|| panic!("no tokens: {usage}"));
    assert!((1..=tokens(taken)).contains(&tokens(so_far)), "{so_far} {taken}");
    assert_eq!(talk.messages(&conversation)[1], *message);
    // The conversation goes on from there.
    talk.ask_and_wait(&conversation, Some(&id(&answer)), "Thank you. What is two plus two?");
}

#[test]
fn questions_are_answered_again_and_asked_otherwise() {
    let Some((_folder, talk)) = start() else { return };
    let conversation = talk.begin();
    let first = talk.ask_and_wait(&conversation, None, "My name is Ada.");
    let question = first["parent"].as_str().unwrap();
    let again = talk.server.post(&format!("/api/messages/{question}/answers"), &json!({}));
    assert_eq!(again.status, 201, "{}", again.body);
    let second = talk.wait(&id(&again.body["answer"]));
    assert_ne!(first["id"], second["id"]);
    // Greedy, to the same question.
    assert_eq!((&first["text"], &second["parent"]), (&second["text"], &json!(question)));
    assert_eq!(talk.server.post(&format!("/api/messages/{}/answers", id(&first)), &json!({})).status, 400);

    // Edited: another question in the place of the first. What follows either knows nothing of the other.
    let edited = talk.ask_and_wait(&conversation, None, &format!("My name is {}Ada.", "really ".repeat(50)));
    let tokens = |answer: &Value| answer["usage"]["prompt_tokens"].as_u64().unwrap();
    let follow = |answer| talk.ask_and_wait(&conversation, Some(&id(answer)), "What is my name?");
    let lengths = [&first, &edited].map(|answer| tokens(&follow(answer)) - tokens(answer));
    assert!(tokens(&edited) > tokens(&first) + 40 && lengths.iter().all(|&length| length < 50), "{lengths:?}");
    // A question and what follows it go together.
    assert_eq!(talk.messages(&conversation).len(), 9);
    let gone = edited["parent"].as_str().unwrap();
    assert_eq!(talk.server.call("DELETE", &format!("/api/messages/{gone}"), &Value::Null).status, 204);
    assert_eq!(talk.messages(&conversation).len(), 5);
}

#[test]
fn a_system_prompt_is_followed_and_a_long_conversation_goes_on() {
    let Some((_folder, talk)) = start() else { return };
    let prompt_tokens = |answer: &Value| answer["usage"]["prompt_tokens"].as_u64().unwrap();
    let conversation = talk.begin();
    let plain = talk.ask_and_wait(&conversation, None, "Hello!");
    let path = format!("/api/conversations/{conversation}");
    let prompt = json!({ "system_prompt": "You are a pirate. ".repeat(10) });
    assert_eq!(talk.server.call("PATCH", &path, &prompt).body["system_prompt"], prompt["system_prompt"]);
    let mut last = talk.ask_and_wait(&conversation, None, "Hello!");
    assert!(prompt_tokens(&last) > prompt_tokens(&plain) + 20, "{last}");
    // The context holds 512 tokens: the oldest turns go, the system prompt stays.
    for _ in 0..6 {
        last = talk.ask_and_wait(&conversation, Some(&id(&last)), &"and one word more ".repeat(25));
        assert_eq!(last["state"], "complete");
        assert!(prompt_tokens(&last) <= 512, "{last}");
    }
    assert!(last["usage"]["cached_tokens"].as_u64().unwrap() > 40, "the system prompt is known: {last}");
    // What is too long by itself is told, not cut.
    let (_, answer) = talk.ask(&conversation, None, &"word ".repeat(600));
    let events: Vec<Event> = talk.follow(&id(&answer)).collect();
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["text", "error", "done"], "{events:?}");
    assert!(events[1].1["error"]["message"].as_str().unwrap().contains("context holds 512"), "{events:?}");
    assert_eq!(events[2].1["state"], "interrupted");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let Some((_folder, talk)) = start() else { return };
    let nobody = "01890000-0000-7000-8000-000000000000";
    let conversation = talk.begin();
    let refused = |method: &str, path: &str, body: Value, status: u16, text: &str| {
        let reply = talk.server.call(method, path, &body);
        let message = reply.body["error"]["message"].as_str().unwrap_or_default();
        assert!(reply.status == status && message.contains(text), "{method} {path}: {} {}", reply.status, reply.body);
    };
    let messages = format!("/api/conversations/{conversation}/messages");
    refused("GET", "/api/conversations/7", Value::Null, 404, "there is no /api/conversations/7");
    refused("GET", &format!("/api/conversations/{nobody}"), Value::Null, 404, "no conversation");
    refused("GET", &format!("/api/messages/{nobody}/events"), Value::Null, 404, "no message");
    refused("POST", &format!("/api/messages/{nobody}/stop"), json!({}), 404, "no message");
    refused("POST", "/api/conversations", json!({ "titel": "x" }), 400, "unknown field `titel`");
    refused("POST", &messages, json!({ "text": " " }), 400, "empty");
    refused("POST", &messages, json!({ "text": "x", "parent": nobody }), 404, "no message");
    refused("POST", &messages, json!({ "text": "x".repeat(5 << 20) }), 400, "limit");
    refused("GET", "/api/conversations?limit=1000", Value::Null, 400, "expected 1 to 200");
    refused("GET", "/api/conversations?colour=red", Value::Null, 400, "colour");
    refused("PUT", "/api/settings", json!({ "temperature": -1 }), 400, "temperature");
    refused("PUT", "/api/settings", json!({ "retention_days": 0 }), 400, "retention_days");
    refused("GET", &format!("/api/conversations/{conversation}/export?format=pdf"), Value::Null, 400, "pdf");
    refused("POST", "/api/import", json!({ "something": "else" }), 400, "import");
    refused("GET", "/api/nothing", Value::Null, 404, "there is no");
}
