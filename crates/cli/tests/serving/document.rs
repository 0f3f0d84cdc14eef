//! `/openapi.json`, and whether what the server says is what it promises there.

use std::{collections::HashMap, io::BufRead};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::{
    server::{Server, chat},
    start,
};

struct Document {
    document: Value,
    /// What answers are checked with; to make one takes longer than to use it a hundred times.
    validators: HashMap<[String; 4], Validator>,
}

impl Document {
    /// Checks `body` against what the document says of an answer with `status`, of `kind`, to a call.
    fn check(&mut self, (method, path): (&str, &str), status: &str, kind: &str, body: &Value) {
        let place = [method, path, status, kind].map(str::to_owned);
        let validator = self.validators.entry(place).or_insert_with(|| {
            let answers = &self.document["paths"][path][method]["responses"];
            let schema = &answers[status]["content"][kind]["schema"];
            assert!(schema.is_object(), "{method} {path} has no schema for {status} in {kind}: {answers}");
            let schema = json!({ "allOf": [schema], "components": self.document["components"] });
            jsonschema::draft202012::new(&schema).unwrap()
        });
        let errors: Vec<String> = validator.iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} {status}: {errors:#?}\n{body}");
    }
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

#[test]
fn answers_are_what_the_document_promises() {
    let Some(server) = start() else { return };
    let mut document = Document { document: server.get("/openapi.json").body, validators: HashMap::new() };
    assert_eq!(document.document["openapi"], "3.1.0");
    for (path, documented) in
        [("/health", "/health"), ("/v1/models", "/v1/models"), ("/v1/models/default", "/v1/models/{model}")]
    {
        document.check(("get", documented), "200", JSON, &server.get(path).body);
    }
    document.check(("get", "/v1/models/{model}"), "default", JSON, &server.get("/v1/models/x").body);
    chats(&server, &mut document);
    completions(&server, &mut document);
    responses(&server, &mut document);
    assistant(&server, &mut document);
}

fn tools() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } } });
    json!([{ "type": "function", "function": { "name": "weather", "parameters": parameters } }])
}

fn chats(server: &Server, document: &mut Document) {
    let call = ("post", "/v1/chat/completions");
    let called = json!({ "tools": tools(), "tool_choice": "required", "max_tokens": 100 });
    for more in [json!({}), json!({ "logprobs": true, "top_logprobs": 2, "n": 2, "max_tokens": 3 }), called] {
        let mut request = chat("What is the weather in Oslo?", more);
        document.check(call, "200", JSON, &server.post(call.1, &request).body);
        request["stream"] = json!(true);
        request["stream_options"] = json!({ "include_usage": true });
        for piece in server.stream(call.1, &request) {
            document.check(call, "200", EVENTS, &piece);
        }
    }
    document.check(call, "default", JSON, &server.chat("", json!({ "n": 0 })).body);
}

fn completions(server: &Server, document: &mut Document) {
    let call = ("post", "/v1/completions");
    let mut request = json!({ "prompt": "One, two,", "max_tokens": 3, "logprobs": 2 });
    document.check(call, "200", JSON, &server.post(call.1, &request).body);
    request["stream"] = json!(true);
    for piece in server.stream(call.1, &request) {
        document.check(call, "200", EVENTS, &piece);
    }
}

fn responses(server: &Server, document: &mut Document) {
    let call = ("post", "/v1/responses");
    let mut tool = tools()[0]["function"].clone();
    tool["type"] = json!("function");
    for more in [
        json!({ "include": ["message.output_text.logprobs"], "max_output_tokens": 3, "instructions": "Be brief." }),
        json!({ "tools": [tool], "tool_choice": "required", "metadata": { "a": "b" } }),
    ] {
        let mut request = json!({ "input": "What is the weather in Oslo?" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let whole = server.post(call.1, &request).body;
        document.check(call, "200", JSON, &whole);
        let path = format!("/v1/responses/{}", whole["id"].as_str().unwrap());
        document.check(("get", "/v1/responses/{id}"), "200", JSON, &server.get(&path).body);
        document.check(("delete", "/v1/responses/{id}"), "200", JSON, &server.delete(&path).body);
        request["stream"] = json!(true);
        for (_, event) in server.events(call.1, &request) {
            document.check(call, "200", EVENTS, &event);
        }
    }
}

fn assistant(server: &Server, document: &mut Document) {
    document.check(("get", "/api/status"), "200", JSON, &server.get("/api/status").body);
    let mut settings = server.get("/api/settings").body;
    document.check(("get", "/api/settings"), "200", JSON, &settings);
    settings["max_tokens"] = json!(4);
    document.check(("put", "/api/settings"), "200", JSON, &server.call("PUT", "/api/settings", &settings).body);

    let all = "/api/conversations";
    let conversation = server.post(all, &json!({ "system_prompt": "Be brief." })).body;
    document.check(("post", all), "201", JSON, &conversation);
    let path = format!("{all}/{}", conversation["id"].as_str().unwrap());
    let asked = server.post(&format!("{path}/messages"), &json!({ "text": "Name a colour." })).body;
    document.check(("post", "/api/conversations/{id}/messages"), "201", JSON, &asked);
    let answer = format!("/api/messages/{}", asked["answer"]["id"].as_str().unwrap());
    let events = server.open_events(&format!("{answer}/events")).lines().map(Result::unwrap);
    let events = events.filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok());
    for event in events.collect::<Vec<Value>>() {
        document.check(("get", "/api/messages/{id}/events"), "200", EVENTS, &event);
    }
    let question = format!("/api/messages/{}/answers", asked["question"]["id"].as_str().unwrap());
    document.check(("post", "/api/messages/{id}/answers"), "201", JSON, &server.post(&question, &json!({})).body);
    let favourite = server.call("PATCH", &answer, &json!({ "favourite": true })).body;
    document.check(("patch", "/api/messages/{id}"), "200", JSON, &favourite);

    let one = "/api/conversations/{id}";
    document.check(("patch", one), "200", JSON, &server.call("PATCH", &path, &json!({ "title": "Colours" })).body);
    document.check(("get", one), "200", JSON, &server.get(&path).body);
    document.check(("get", all), "200", JSON, &server.get(&format!("{all}?search=colour&favourites=true")).body);
    let export = server.get("/api/export?format=json").body;
    document.check(("get", "/api/export"), "200", JSON, &export);
    document.check(("post", "/api/import"), "200", JSON, &server.post("/api/import", &export).body);
    document.check(("delete", all), "200", JSON, &server.delete(all).body);
    document.check(("get", one), "default", JSON, &server.get(&path).body);
}
