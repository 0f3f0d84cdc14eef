//! Talking to a server's assistant, as its page does.

use std::{io::BufRead, path::Path};

use serde_json::{Value, json};

use crate::server::Server;

/// A server with a folder for what it keeps, and what its page would do.
pub struct Talk {
    pub server: Server,
}

/// An event of an answer: its name and what it says.
pub type Event = (String, Value);

impl Talk {
    /// A server that keeps its conversations in `data`, and answers alike to the same.
    pub fn start(model: &Path, data: &Path, arguments: &[&str]) -> Self {
        Self::with(Server::start_in(model, data, arguments))
    }

    /// The assistant of a server.
    pub fn with(server: Server) -> Self {
        let talk = Self { server };
        talk.set(json!({ "max_tokens": 24 }));
        talk
    }

    /// Asks the server to end, and waits until it has.
    #[cfg(unix)]
    pub fn end(&mut self) {
        self.server.terminate();
        assert_eq!(self.server.wait(), Some(0));
    }

    /// Changes settings; greedy unless said otherwise.
    pub fn set(&self, settings: Value) {
        let mut all = self.server.get("/api/settings").body;
        all["temperature"] = json!(0);
        for (name, value) in settings.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        let reply = self.server.call("PUT", "/api/settings", &all);
        assert_eq!((reply.status, &reply.body["max_tokens"]), (200, &all["max_tokens"]), "{}", reply.body);
    }

    /// A new conversation.
    pub fn begin(&self) -> String {
        let reply = self.server.post("/api/conversations", &json!({}));
        assert_eq!(reply.status, 201, "{}", reply.body);
        id(&reply.body)
    }

    /// Asks, and returns the question and the answer as they are then.
    pub fn ask(&self, conversation: &str, parent: Option<&str>, text: &str) -> (Value, Value) {
        let path = format!("/api/conversations/{conversation}/messages");
        let reply = self.server.post(&path, &json!({ "text": text, "parent": parent }));
        assert_eq!(reply.status, 201, "{}", reply.body);
        let (question, answer) = (&reply.body["question"], &reply.body["answer"]);
        assert_eq!((&question["state"], &answer["state"]), (&json!("complete"), &json!("streaming")));
        (question.clone(), answer.clone())
    }

    /// Asks, and waits for the whole answer.
    pub fn ask_and_wait(&self, conversation: &str, parent: Option<&str>, text: &str) -> Value {
        let (_, answer) = self.ask(conversation, parent, text);
        self.wait(&id(&answer))
    }

    /// What an answer has become, once it has ended.
    pub fn wait(&self, answer: &str) -> Value {
        let events: Vec<Event> = self.follow(answer).collect();
        let (name, message) = events.last().expect("an answer has an end");
        assert_eq!(name, "done", "{events:?}");
        assert_eq!(message["text"], text_of(&events));
        message.clone()
    }

    /// The events of an answer from now on.
    pub fn follow(&self, answer: &str) -> impl Iterator<Item = Event> + use<> {
        let mut lines = self.server.open_events(&format!("/api/messages/{answer}/events")).lines().map(Result::unwrap);
        std::iter::from_fn(move || {
            let name = lines.by_ref().find_map(|line| line.strip_prefix("event: ").map(str::to_owned))?;
            let data = lines.by_ref().find_map(|line| line.strip_prefix("data: ").map(str::to_owned))?;
            Some((name, serde_json::from_str(&data).unwrap()))
        })
    }

    /// The messages of a conversation.
    pub fn messages(&self, conversation: &str) -> Vec<Value> {
        let reply = self.server.get(&format!("/api/conversations/{conversation}"));
        assert_eq!(reply.status, 200, "{}", reply.body);
        reply.body["messages"].as_array().unwrap().clone()
    }
}

/// The text that events add up to. The first is all of it so far, the others what came to it.
pub fn text_of(events: &[Event]) -> String {
    let mut text = String::new();
    for (number, (name, data)) in events.iter().enumerate() {
        match name.as_str() {
            "text" => assert_eq!(number, 0, "{events:?}"),
            "delta" => assert_ne!(number, 0, "{events:?}"),
            _ => continue,
        }
        text.push_str(data["text"].as_str().unwrap());
    }
    text
}

pub fn id(value: &Value) -> String {
    value["id"].as_str().unwrap_or_else(|| panic!("no id: {value}")).to_owned()
}
