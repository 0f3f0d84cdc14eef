//! A model of another server: real servers on both sides of the interface.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use serde_json::json;
use sottovoce_llm::{chat::Message, generate::FinishReason};
use sottovoce_server::{
    ServerError,
    engine::{Chat, ChatEvent, ChatModel, ChatOptions, ChatUsage, Remote, RemoteOptions},
};

use super::{
    server::{Server, model},
    talk::{Event, Talk, id},
};

fn options(server: &Server) -> RemoteOptions {
    let url = format!("http://{}/v1/", server.address());
    RemoteOptions { url, key: Some("secret".to_owned()), model: None }
}

fn start(arguments: &[&str]) -> Option<Server> {
    Some(Server::start(model()?, &[&["--token", "secret"], arguments].concat()))
}

fn chat(messages: Vec<Message>, max_tokens: usize) -> Chat {
    let options = ChatOptions { temperature: Some(0.0), max_tokens: Some(max_tokens), ..ChatOptions::default() };
    Chat { messages, options, ..Chat::default() }
}

fn question() -> Vec<Message> {
    vec![Message::user("What is the capital of Japan?")]
}

/// The text of an answer, and how it ended.
async fn answer(remote: &Remote, chat: Chat) -> (String, FinishReason, ChatUsage) {
    let (mut text, mut ended) = (String::new(), None);
    let mut events = remote.answer(chat).await.unwrap();
    while let Some(event) = events.next().await {
        match event.unwrap() {
            ChatEvent::Reading(_) => unreachable!("tokens elsewhere are the other server's business"),
            ChatEvent::Text(piece) => text.push_str(&piece),
            ChatEvent::Finished { reason, usage } => ended = Some((reason, usage.unwrap())),
        }
    }
    let (reason, usage) = ended.unwrap();
    (text, reason, usage)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn another_server_answers() {
    let Some(server) = start(&[]) else { return };
    block_on(async {
        let remote = Remote::connect(&options(&server)).await.unwrap();
        assert_eq!(remote.name(), "smollm2");
        let (text, reason, usage) = answer(&remote, chat(question(), 24)).await;
        assert!(text.contains("Tokyo"), "{text}");
        assert_eq!(reason, FinishReason::StopToken);
        assert!(usage.prompt_tokens > 20 && usage.completion_tokens > 5 && usage.cached_tokens == 0, "{usage:?}");
        let (_, reason, again) = answer(&remote, chat(question(), 2)).await;
        assert_eq!((reason, again.cached_tokens), (FinishReason::MaxTokens, usage.prompt_tokens - 1));
        assert_eq!(remote.occupancy().running, 0);

        // Far longer than its context of 512 tokens.
        let mut messages = vec![Message::system("You are brief.")];
        for number in 0..40 {
            messages.push(Message::user(format!("Question {number}: is {number} a number?")));
            messages.push(Message::assistant("Yes, it is a number, as far as I know."));
        }
        messages.extend(question());
        let (text, _, usage) = answer(&remote, chat(messages, 24)).await;
        assert!(text.contains("Tokyo") && usage.prompt_tokens > 200, "{text}, {usage:?}");
    });
}

#[test]
fn what_is_wrong_is_told() {
    let Some(server) = start(&[]) else { return };
    block_on(async {
        let good = options(&server);
        let failed = async |options: RemoteOptions| match Remote::connect(&options).await {
            Ok(remote) => panic!("connected to {}", remote.name()),
            Err(error) => error,
        };
        let no_key = failed(RemoteOptions { key: None, ..good.clone() }).await;
        assert!(matches!(no_key, ServerError::RefusedKey { .. }), "{no_key}");
        let odd_key = failed(RemoteOptions { key: Some("a\nb".to_owned()), ..good.clone() }).await;
        assert!(odd_key.to_string().contains("printable ASCII"), "{odd_key}");
        let no_model = failed(RemoteOptions { model: Some("gpt-4o".to_owned()), ..good.clone() }).await;
        assert!(no_model.to_string().contains("has no model \"gpt-4o\": it has smollm2"), "{no_model}");
        let elsewhere = failed(RemoteOptions { url: format!("http://{}/v2", server.address()), ..good.clone() }).await;
        assert!(elsewhere.to_string().contains("there is no GET /v2/models"), "{elsewhere}");
        let too_long = Remote::connect(&good).await.unwrap();
        let too_long = too_long.answer(chat(vec![Message::user("word ".repeat(600))], 5)).await.err().unwrap();
        assert!(matches!(too_long, ServerError::TooLong { .. }), "{too_long}");
        drop(server);
        let gone = failed(good).await;
        assert!(matches!(gone, ServerError::Unreachable { .. }), "{gone}");
    });
}

#[test]
fn an_answer_that_nobody_wants_ends_there_too() {
    let Some(server) = start(&["--parallel", "1", "--queue", "0"]) else { return };
    block_on(async {
        let remote = Remote::connect(&options(&server)).await.unwrap();
        let long = chat(vec![Message::user("Write a long story about the sea, with many chapters.")], 400);
        let mut events = remote.answer(long).await.unwrap();
        assert!(matches!(events.next().await, Some(Ok(ChatEvent::Text(_)))));
        assert_eq!(remote.occupancy().running, 1);
        drop(events);
        assert_eq!(remote.occupancy().running, 0);
        // The rest of the story would take seconds; the client tries again when it finds the server full.
        let deadline = Instant::now() + Duration::from_secs(20);
        while remote.answer(chat(question(), 1)).await.is_err() {
            assert!(Instant::now() < deadline, "the place was not given up");
        }
    });
}

#[test]
fn the_page_talks_to_a_model_of_another_server() {
    let Some(mut engine) = start(&["--parallel", "1"]) else { return };
    let data = tempfile::tempdir().unwrap();
    let url = format!("openai:http://{}/v1", engine.address());
    let talk = Talk::with(Server::run(data.path(), &["--engine", &url, "--engine-key", "secret"]));
    let status = talk.server.get("/api/status").body;
    assert_eq!((&status["model"]["name"], &status["model"]["state"]), (&json!("smollm2"), &json!("ready")), "{status}");
    assert_eq!(talk.server.get("/v1/models").body["data"][0]["id"], "smollm2");
    let conversation = talk.begin();
    // As brief as above: with the usual prompt this small model is of two minds.
    let brief = json!({ "system_prompt": "You are brief." });
    talk.server.call("PATCH", &format!("/api/conversations/{conversation}"), &brief);
    let answer = talk.ask_and_wait(&conversation, None, "What is the capital of Japan?");
    assert!(answer["text"].as_str().unwrap().contains("Tokyo"), "{answer}");
    assert_eq!((&answer["state"], &answer["model"]), (&json!("complete"), &json!("smollm2")));
    assert!(answer["usage"]["completion_tokens"].as_u64().unwrap() > 5, "{answer}");
    let here = talk.server.post("/v1/chat/completions", &super::server::chat("Hello", json!({})));
    assert_eq!(here.status, 501, "{}", here.body);

    // The other server dies in the middle of an answer: what came of it is kept, with the reason.
    talk.set(json!({ "max_tokens": 400 }));
    let (_, long) =
        talk.ask(&conversation, Some(&id(&answer)), "Write a long story about the sea, with many chapters.");
    let mut events = talk.follow(&id(&long));
    while !events.next().is_some_and(|(name, data)| name == "delta" || data["text"] != "") {}
    engine.kill();
    let rest: Vec<Event> = events.collect();
    let [.., (error, told), (done, cut)] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!((error.as_str(), done.as_str(), &cut["state"]), ("error", "done", &json!("interrupted")), "{rest:?}");
    assert!(told.to_string().contains(engine.address()), "{told}");
    assert!(!cut["text"].as_str().unwrap().is_empty(), "{cut}");
}
