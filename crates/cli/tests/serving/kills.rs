//! A server that is killed at any moment loses nothing that it acknowledged.

use std::{sync::mpsc, thread};

use serde_json::{Value, json};
use sottovoce_testkit::Random;

use crate::{server::model, talk::Talk};

const KILLS: usize = 8;
/// Clients that ask one question after the other.
const CLIENTS: usize = 3;
/// Questions that are acknowledged before a kill, at most.
const MOST_QUESTIONS: usize = 20;

/// What is acknowledged is there as it was, and nothing is still being made by a server that is dead.
fn check(talk: &Talk, acknowledged: &[Value]) {
    for question in acknowledged {
        let messages = talk.messages(question["conversation"].as_str().unwrap());
        assert!(messages.contains(question), "{question} is not in {messages:?}");
        let answers = messages.iter().filter(|message| message["role"] == "assistant");
        for answer in answers {
            assert!(["complete", "interrupted"].map(Value::from).contains(&answer["state"]), "{answer}");
        }
    }
}

#[test]
fn what_was_acknowledged_is_there_after_every_kill() {
    let Some(model) = model() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::from_env(5);
    let mut acknowledged: Vec<Value> = Vec::new();
    for _ in 0..KILLS {
        let mut talk = Talk::start(model, folder.path(), &["--parallel", "2"]);
        check(&talk, &acknowledged);
        let url = format!("http://{}/api/conversations/{}/messages", talk.server.address(), talk.begin());
        let (sender, asked) = mpsc::channel();
        thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (url, sender) = (&url, sender.clone());
                scope.spawn(move || {
                    let agent = ureq::Agent::new_with_defaults();
                    let question = json!({ "text": format!("How are you, asks {client}?") }).to_string();
                    // Until the server is gone, or has enough to do.
                    while let Ok(response) = agent.post(url).send(&question)
                        && let Ok(text) = response.into_body().read_to_string()
                    {
                        let asked: Value = serde_json::from_str(&text).unwrap();
                        sender.send(asked["question"].clone()).unwrap();
                    }
                });
            }
            drop(sender);
            let before = 1 + random.below(MOST_QUESTIONS);
            acknowledged.extend(asked.iter().take(before));
            talk.server.kill();
            acknowledged.extend(asked);
        });
    }
    check(&Talk::start(model, folder.path(), &[]), &acknowledged);
    assert!(acknowledged.len() >= KILLS);
}
