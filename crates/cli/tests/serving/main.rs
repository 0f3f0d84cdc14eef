//! `sottovoce serve` as clients see it, with a real model.

mod assistant;
mod async_openai;
mod document;
mod forced_calls;
mod keeping;
mod kills;
mod metrics;
mod remote;
mod responses;
mod security;
mod server;
mod soak;
mod talk;
mod voice;
mod wyoming;

use std::{
    collections::HashSet,
    io::BufRead,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use server::{Server, chat, model};

/// A server of one's own, with four places.
fn start() -> Option<Server> {
    Some(Server::start(model()?, &["--parallel", "4"]))
}

fn content(body: &Value) -> &str {
    body["choices"][0]["message"]["content"].as_str().unwrap_or_else(|| panic!("no content: {body}"))
}

#[test]
fn it_names_its_model_and_says_that_it_is_well() {
    let Some(server) = start() else { return };
    let models = server.get("/v1/models").body;
    assert_eq!(models["data"][0]["id"], "smollm2");
    assert_eq!(models["data"][0]["context_window"], 512);
    assert_eq!(server.get("/v1/models/default").body["id"], "smollm2");
    let health = server.get("/health").body;
    assert_eq!((&health["status"], &health["parallel"]), (&json!("ok"), &json!(4)));
}

#[test]
fn an_answer_has_text_reason_and_usage() {
    let Some(server) = start() else { return };
    let reply = server.chat("What is the capital of Japan?", json!({}));
    assert_eq!(reply.status, 200);
    assert!(content(&reply.body).contains("Tokyo"), "{}", reply.body);
    let choice = &reply.body["choices"][0];
    assert_eq!((&choice["finish_reason"], &choice["logprobs"]), (&json!("stop"), &Value::Null));
    let usage = &reply.body["usage"];
    let count = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(count("prompt_tokens") + count("completion_tokens"), count("total_tokens"));
    assert!(reply.body["id"].as_str().unwrap().starts_with("chatcmpl-"));

    // What was asked is known now, all but the last token.
    let again = server.chat("What is the capital of Japan?", json!({})).body;
    assert_eq!(again["usage"]["prompt_tokens_details"]["cached_tokens"].as_u64(), Some(count("prompt_tokens") - 1));
    assert!(content(&again).contains("Tokyo"), "{again}");
}

#[test]
fn a_stream_is_the_answer_in_pieces() {
    let Some(server) = start() else { return };
    let request =
        chat("What is the capital of Japan?", json!({ "stream": true, "stream_options": { "include_usage": true } }));
    let pieces = server.stream("/v1/chat/completions", &request);
    let (usage, pieces) = pieces.split_last().unwrap();
    assert_eq!((&usage["choices"], usage["usage"]["completion_tokens"].is_u64()), (&json!([]), true));
    assert!(pieces.iter().all(|piece| piece["object"] == "chat.completion.chunk" && piece["usage"].is_null()));
    assert_eq!(pieces[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String = pieces.iter().filter_map(|piece| piece["choices"][0]["delta"]["content"].as_str()).collect();
    assert!(text.contains("Tokyo"), "{text}");
    let reasons: Vec<&Value> =
        pieces.iter().map(|piece| &piece["choices"][0]["finish_reason"]).filter(|reason| !reason.is_null()).collect();
    assert_eq!(reasons, [&json!("stop")]);
}

/// What of a response does not depend on when it was made.
fn essence(body: &Value) -> (Value, Value) {
    (body["choices"].clone(), body["usage"].clone())
}

#[test]
fn answers_made_together_are_those_made_alone() {
    let Some(model) = model() else { return };
    let questions = [
        "What is the capital of Italy?",
        "Name three colours.",
        "How many legs does a spider have?",
        "Write a sentence about the sea.",
        "What is two plus two?",
        "Who wrote Hamlet?",
    ];
    // Chances to all their digits: a rounding that depended on the others would show.
    // Nothing in common with an earlier question, whose state would else be gone on with where its answer is short: what is
    // computed in two calls may be rounded otherwise than in one.
    let ask = |server: &Server, question: &str| {
        let messages = json!([{ "role": "system", "content": question }, { "role": "user", "content": question }]);
        let reply = server.chat("", json!({ "messages": messages, "logprobs": true, "top_logprobs": 3 }));
        assert_eq!(reply.status, 200, "{}", reply.body);
        essence(&reply.body)
    };
    // As many places as questions.
    let alone = Server::start(model, &["--parallel", "6"]);
    let expected: Vec<_> = questions.iter().map(|question| ask(&alone, question)).collect();
    drop(alone);
    let together = Server::start(model, &["--parallel", "6"]);
    let found: Vec<_> = thread::scope(|scope| {
        let asking: Vec<_> = questions.iter().map(|question| scope.spawn(|| ask(&together, question))).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(found, expected);
}

#[test]
fn a_schema_is_kept() {
    let Some(server) = start() else { return };
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "maxLength": 20 }, "people": { "type": "integer" } },
        "required": ["city", "people"],
        "additionalProperties": false,
    });
    let format = json!({ "type": "json_schema", "json_schema": { "name": "city", "strict": true, "schema": schema } });
    let reply = server
        .chat("Name a city and how many people live there.", json!({ "response_format": format, "max_tokens": 100 }));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let answer: Value = serde_json::from_str(content(&reply.body)).unwrap();
    let members: HashSet<&str> = answer.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, HashSet::from(["city", "people"]));
    assert!(answer["city"].is_string() && answer["people"].is_i64(), "{answer}");
}

#[test]
fn a_seed_repeats_several_different_answers() {
    let Some(server) = start() else { return };
    let ask = || {
        let more = json!({ "n": 3, "seed": 7, "temperature": 1.5, "top_k": 200, "max_tokens": 16 });
        let choices = server.chat("Tell me something surprising.", more).body["choices"].clone();
        let texts =
            choices.as_array().unwrap().iter().map(|choice| choice["message"]["content"].as_str().unwrap().to_owned());
        texts.collect::<Vec<String>>()
    };
    // The first request finds nothing of its prompt, the others all but a token: they compute alike.
    ask();
    let answers = ask();
    assert_eq!(answers, ask());
    assert_eq!(answers.iter().collect::<HashSet<_>>().len(), 3, "{answers:?}");
}

#[test]
fn repetitions_are_left_where_the_client_asks_for_it() {
    let Some(server) = start() else { return };
    let ask = |more: Value| {
        let mut body = json!({ "temperature": 0, "max_tokens": 32 });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        content(&server.chat("Write the word sea thirty times, and nothing else.", body).body).to_owned()
    };
    // The first request finds nothing of its prompt, the others all but a token: they compute alike.
    ask(json!({}));
    let plain = ask(json!({}));
    let dry = ask(json!({ "dry_multiplier": 20, "dry_allowed_length": 1, "dry_sequence_breakers": ["\n"] }));
    assert_ne!(plain, dry);
    assert_eq!(plain, ask(json!({ "dry_multiplier": 0, "dry_allowed_length": 1 })), "0 is none");
}

#[test]
fn tools_are_offered_and_their_results_are_read() {
    let Some(server) = start() else { return };
    let tool = json!({ "type": "function", "function": { "name": "get_weather", "description": "The weather in a city",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] } } });
    let prompt_tokens = |body: &Value| body["usage"]["prompt_tokens"].as_u64().unwrap();
    let plain = server.chat("What is the weather in Oslo?", json!({})).body;
    let offered = server.chat("What is the weather in Oslo?", json!({ "tools": [tool] })).body;
    let none = server.chat("What is the weather in Oslo?", json!({ "tools": [tool], "tool_choice": "none" })).body;
    assert!(prompt_tokens(&offered) > prompt_tokens(&plain) + 30, "{offered}");
    assert_eq!(prompt_tokens(&none), prompt_tokens(&plain));
    let call = json!({ "id": "call1", "type": "function",
        "function": { "name": "get_weather", "arguments": "{\"city\": \"Oslo\"}" } });
    let messages = json!([
        { "role": "user", "content": "What is the weather in Oslo?" },
        { "role": "assistant", "content": null, "tool_calls": [call] },
        { "role": "tool", "tool_call_id": "call1", "content": "Snow, 3 degrees below zero." },
    ]);
    let reply = server.chat("", json!({ "messages": messages, "tools": [tool] }));
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(content(&reply.body).contains("3 degrees"), "{}", reply.body);
}

#[test]
fn completions_continue_texts() {
    let Some(server) = start() else { return };
    let request = json!({ "prompt": ["The capital of Germany is", "One, two, three,"], "temperature": 0, "max_tokens": 4,
        "logprobs": 2, "echo": true });
    let body = server.post("/v1/completions", &request).body;
    let text = |index: usize| body["choices"][index]["text"].as_str().unwrap();
    assert!(text(0).starts_with("The capital of Germany is Berlin"), "{body}");
    assert!(text(1).starts_with("One, two, three, four"), "{body}");
    let logprobs = &body["choices"][0]["logprobs"];
    assert_eq!((logprobs["tokens"].as_array().unwrap().len(), logprobs["tokens"][0].as_str()), (4, Some(" Berlin")));
    assert_eq!(body["usage"]["completion_tokens"], 8);
    let mut streamed = request;
    streamed["stream"] = json!(true);
    let pieces = server.stream("/v1/completions", &streamed);
    let joined: String = pieces
        .iter()
        .filter(|piece| piece["choices"][0]["index"] == 1)
        .filter_map(|piece| piece["choices"][0]["text"].as_str())
        .collect();
    assert!(joined.starts_with("One, two, three, four"), "{joined}");
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let Some(server) = start() else { return };
    let refused = |body: Value, status: u16, param: &str, text: &str| {
        let reply = server.post("/v1/chat/completions", &body);
        let error = &reply.body["error"];
        assert_eq!((reply.status, error["param"].as_str().unwrap_or_default()), (status, param), "{}", reply.body);
        assert!(error["message"].as_str().unwrap().contains(text), "{}", reply.body);
    };
    refused(chat("", json!({ "model": "gpt-4o" })), 404, "model", "no model \"gpt-4o\"");
    refused(chat("", json!({ "messages": [] })), 400, "messages", "empty");
    refused(chat("", json!({ "temperature": -1 })), 400, "temperature", "temperature is -1");
    refused(chat("", json!({ "top_p": 2 })), 400, "top_p", "top-p is 2");
    refused(chat("", json!({ "n": 0 })), 400, "n", "expected 1 to 128");
    refused(chat("", json!({ "audio": {} })), 400, "audio", "audio is not supported");
    refused(chat("", json!({ "top_logprobs": 3 })), 400, "top_logprobs", "needs logprobs");
    refused(chat("", json!({ "logit_bias": { "x": 1 } })), 400, "logit_bias", "no token id");
    refused(chat("", json!({ "dry_multiplier": -1 })), 400, "dry_multiplier", "dry-multiplier is -1");
    let breakers = json!({ "dry_multiplier": 1, "dry_sequence_breakers": ["no token has this"] });
    refused(chat("", breakers), 400, "dry_sequence_breakers", "\"no token has this\"");
    refused(chat("", json!({ "tool_choice": "required" })), 400, "tool_choice", "there are no tools");
    refused(chat(&"word ".repeat(600), json!({})), 400, "messages", "context holds 512");
    refused(chat(&"word ".repeat(600), json!({ "stream": true })), 400, "messages", "context holds 512");
    refused(
        chat("", json!({ "messages": [{ "role": "user", "content": [{ "type": "image_url" }] }] })),
        400,
        "messages[0].content[0]",
        "this model reads text",
    );
    refused(chat("", json!({ "messages": [{ "role": "robot", "content": "" }] })), 400, "messages[0].role", "robot");
    let schema = json!({ "type": "json_schema", "json_schema": { "name": "x", "schema": { "type": "nothing" } } });
    refused(chat("", json!({ "response_format": schema })), 400, "response_format", "JSON schema");

    let reply = server.post_raw("/v1/chat/completions", &[], "{\"messages\": ");
    assert_eq!((reply.status, reply.body["error"]["type"].as_str()), (400, Some("invalid_request_error")));
    let reply = server.post_raw("/v1/chat/completions", &[("Origin", "http://evil.example")], "{}");
    assert_eq!(reply.status, 403);
    let reply = server.post_raw("/v1/chat/completions", &[("Host", "evil.example")], "{}");
    assert_eq!(reply.status, 403);
    assert_eq!(server.announce("/v1/chat/completions", 9 << 20), 413);
    assert_eq!(server.get("/v1/nothing").status, 404);
}

#[test]
fn a_full_server_turns_away_and_a_client_that_leaves_makes_room() {
    let Some(model) = model() else { return };
    let server = Server::start(model, &["--parallel", "1", "--queue", "0", "--token", "secret"]);
    assert_eq!(server.chat("Hello", json!({})).status, 401);
    let headers = [("Authorization", "Bearer secret")];
    let long =
        chat("Count to one thousand.", json!({ "stream": true, "max_tokens": 400, "logit_bias": { "2": -100 } }));
    let ask =
        || server.post_raw("/v1/chat/completions", &headers, &chat("Hello", json!({ "max_tokens": 1 })).to_string());
    let mut stream = server.open_stream("/v1/chat/completions", &headers, &long);
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let refused = ask();
    assert_eq!((refused.status, refused.retry_after.as_deref()), (429, Some("2")));
    drop(stream);
    // A token takes milliseconds; the rest of the answer would take seconds.
    let deadline = Instant::now() + Duration::from_secs(20);
    while ask().status != 200 {
        assert!(Instant::now() < deadline, "the place was not given up");
        thread::sleep(Duration::from_millis(5));
    }
}
