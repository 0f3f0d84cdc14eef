//! Fifty clients at once that do what clients do at their worst, and a server that is none the worse for it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};
use sottovoce_testkit::Random;

use crate::{
    server::{Server, chat, model},
    talk::Talk,
};

const CLIENTS: usize = 50;
/// Answers that the server makes at the same time.
const PLACES: usize = 4;
/// Rounds before memory is looked at first: every path has run then, and every pool is filled.
const WARM_UP: usize = 12;
/// Rounds between two looks at memory, and looks in each half of the test.
const ROUNDS: usize = 4;
const LOOKS: usize = 3;
/// A server turns away clients that open connections faster than it can close them; this many tries are patience enough.
const TRIES: usize = 200;

/// What clients do; some of it more often.
const DEEDS: [fn(&Client); 11] = [
    |client| client.talks(),
    |client| client.reads_an_answer(),
    |client| client.reads_an_answer(),
    |client| client.reads_a_stream(),
    |client| client.reads_a_stream(),
    |client| client.vanishes_in_a_stream(),
    |client| client.vanishes_in_a_stream(),
    |client| client.sends_garbage(),
    |client| client.announces_too_much(),
    |client| client.sends_too_much(),
    |client| client.vanishes_in_a_request(),
];

/// A conversation with the assistant, as its client saw it.
struct Talked {
    conversation: String,
    /// Identifiers and texts, question and answer in turn.
    messages: Vec<(String, String)>,
}

struct Client<'a> {
    assistant: &'a Talk,
    /// What the clients were told is kept.
    talks: &'a Mutex<Vec<Talked>>,
    random: std::cell::RefCell<Random>,
    answers: &'a AtomicUsize,
}

impl Client<'_> {
    fn server(&self) -> &Server {
        &self.assistant.server
    }

    fn question(&self) -> String {
        format!("Say the number {}.", self.random.borrow_mut().below(1000))
    }

    /// Asks the assistant twice, and follows its answers to their ends.
    fn talks(&self) {
        let conversation = self.server().post("/api/conversations", &json!({}));
        assert_eq!(conversation.status, 201, "{}", conversation.body);
        let conversation = conversation.body["id"].as_str().unwrap().to_owned();
        let mut talk = Talked { conversation, messages: Vec::new() };
        for _ in 0..2 {
            let question = self.question();
            let parent = talk.messages.last().map(|(id, _)| id);
            let path = format!("/api/conversations/{}/messages", talk.conversation);
            let reply = self.server().post(&path, &json!({ "text": question, "parent": parent }));
            if reply.status == 429 {
                break;
            }
            assert_eq!(reply.status, 201, "{}", reply.body);
            let id = |part: &str| reply.body[part]["id"].as_str().unwrap().to_owned();
            talk.messages.push((id("question"), question));
            let answer = self.assistant.wait(&id("answer"));
            talk.messages.push((id("answer"), answer["text"].as_str().unwrap().to_owned()));
        }
        self.talks.lock().unwrap().push(talk);
    }

    fn reads_an_answer(&self) {
        for _ in 0..TRIES {
            let reply = self.server().chat(&self.question(), json!({ "max_tokens": 4 }));
            match reply.status {
                200 => {
                    assert_eq!(reply.body["choices"].as_array().map(Vec::len), Some(1), "{}", reply.body);
                    self.answers.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                429 => assert!(reply.retry_after.is_some(), "a client that is turned away learns when to come back"),
                status => panic!("{status}: {}", reply.body),
            }
        }
        panic!("turned away {TRIES} times");
    }

    fn stream_request(&self) -> String {
        let body = chat(&self.question(), json!({ "stream": true, "max_tokens": 6 })).to_string();
        let (host, length) = (self.server().address(), body.len());
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }

    fn reads_a_stream(&self) {
        let response = self.exchange(self.stream_request().as_bytes());
        if response.starts_with("HTTP/1.1 429 ") {
            return;
        }
        assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
        assert_eq!(response.matches("data: [DONE]").count(), 1, "{response}");
        assert_eq!(
            response.matches(r#""finish_reason":"length""#).count()
                + response.matches(r#""finish_reason":"stop""#).count(),
            1,
            "{response}"
        );
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    fn vanishes_in_a_stream(&self) {
        let mut stream = self.connect();
        stream.write_all(self.stream_request().as_bytes()).unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 ") || line.starts_with("HTTP/1.1 429 "), "{line}");
    }

    fn sends_garbage(&self) {
        let bytes: Vec<u8> = {
            let mut random = self.random.borrow_mut();
            let garbage = (0..1 + random.below(2000)).map(|_| random.bits() as u8);
            garbage.chain(*b"\r\n\r\n").collect()
        };
        let response = self.exchange(&bytes);
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 400 "), "{response}");
        let not_json =
            "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\n{\"a\":";
        assert!(self.exchange(not_json.as_bytes()).starts_with("HTTP/1.1 400 "));
    }

    fn announces_too_much(&self) {
        assert_eq!(self.server().announce("/v1/chat/completions", 1 << 40), 413);
    }

    /// More than a request may have, without saying so before.
    fn sends_too_much(&self) {
        let mut stream = self.connect();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let chunk = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
        // The server need not take it all: it may answer and close.
        let sent = (0..16).take_while(|_| stream.write_all(&chunk).is_ok()).count();
        let mut line = String::new();
        let read = BufReader::new(stream).read_line(&mut line);
        assert!(line.starts_with("HTTP/1.1 413 ") || (read.is_err() && sent < 16), "after {sent} MiB: {line}");
    }

    fn vanishes_in_a_request(&self) {
        let request = self.stream_request();
        let sent = self.random.borrow_mut().below(request.len());
        self.connect().write_all(&request.as_bytes()[..sent]).unwrap();
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server().address()).unwrap()
    }

    /// All that comes back for `bytes` until the server closes the connection.
    fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        let mut response = Vec::new();
        // What a server refuses it need not read to the end; then the connection is reset.
        if stream.write_all(bytes).is_ok() {
            drop(stream.read_to_end(&mut response));
        }
        String::from_utf8_lossy(&response).into_owned()
    }
}

/// Fills the context of every place, whose memory grows with what was kept there at most.
fn fill_contexts(server: &Server) {
    thread::scope(|scope| {
        for number in 0..2 * PLACES {
            let question = format!("{number} {}", "word ".repeat(450));
            scope.spawn(move || {
                let reply = server.chat(&question, json!({ "max_tokens": 16, "logit_bias": { "2": -100 } }));
                assert_eq!(reply.status, 200, "{}", reply.body);
            });
        }
    });
}

/// Lets every client do `rounds` things.
fn rounds(assistant: &Talk, random: &mut Random, rounds: usize, answers: &AtomicUsize, talks: &Mutex<Vec<Talked>>) {
    let seeds: Vec<u64> = (0..CLIENTS).map(|_| random.bits()).collect();
    thread::scope(|scope| {
        for seed in seeds {
            scope.spawn(move || {
                let client = Client { assistant, talks, random: Random::new(seed).into(), answers };
                for _ in 0..rounds {
                    let deed = client.random.borrow_mut().below(DEEDS.len());
                    DEEDS[deed](&client);
                }
            });
        }
    });
}

#[test]
fn fifty_bad_clients_leave_no_trace() {
    let Some(model) = model() else { return };
    let data = tempfile::tempdir().unwrap();
    let assistant = Talk::start(model, data.path(), &["--parallel", &PLACES.to_string(), "--queue", "64"]);
    // Its answers are as short as the others.
    assistant.set(json!({ "max_tokens": 4 }));
    let (mut random, answers, talks) = (Random::from_env(50), AtomicUsize::new(0), Mutex::default());
    fill_contexts(&assistant.server);
    rounds(&assistant, &mut random, WARM_UP, &answers, &talks);
    // What is freed is not given back at once, so that single looks vary; what leaks stays, and lifts the lowest of several.
    let mut lowest = || {
        let looks = (0..LOOKS).map(|_| {
            rounds(&assistant, &mut random, ROUNDS, &answers, &talks);
            assistant.server.settled_memory()
        });
        looks.min().unwrap()
    };
    let (before, after) = (lowest(), lowest());
    let talks = talks.into_inner().unwrap();
    let (answers, talked) = (answers.into_inner(), talks.len());
    println!("{answers} answers, {talked} conversations; memory {} MB, then {} MB", before >> 20, after >> 20);
    assert!(after <= before + before / 20, "memory grew from {before} to {after} bytes");
    for talk in talks {
        let kept = assistant.messages(&talk.conversation);
        let text = |message: &Value, part: &str| message[part].as_str().unwrap().to_owned();
        let kept = kept.iter().map(|kept| (text(kept, "id"), text(kept, "text")));
        assert_eq!(kept.collect::<Vec<_>>(), talk.messages, "what was acknowledged, once");
    }
    assert_eq!(assistant.server.chat("Hello", json!({ "max_tokens": 1 })).status, 200);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_stop_ends_its_streams_first() {
    let Some(model) = model() else { return };
    let mut server = Server::start(model, &["--parallel", "4"]);
    let question = chat("Count.", json!({ "stream": true, "max_tokens": 60, "logit_bias": { "2": -100 } }));
    let mut streams: Vec<_> = (0..4).map(|_| server.open_stream("/v1/chat/completions", &[], &question)).collect();
    for stream in &mut streams {
        stream.read_line(&mut String::new()).unwrap();
    }
    server.terminate();
    for stream in streams {
        let lines: Vec<String> = stream.lines().map(Result::unwrap).collect();
        let tokens = lines.iter().filter(|line| line.contains(r#""delta":{"content":"#)).count();
        assert!(tokens > 20, "an answer of 60 tokens came in {tokens} pieces");
        assert_eq!(lines.iter().rev().find(|line| !line.is_empty()).unwrap(), "data: [DONE]");
    }
    assert_eq!(server.wait(), Some(0));
}
