//! `/openapi.json`, and whether what the server says is what it promises there.

use serde_json::{Value, json};

use super::{
    server::{Server, chat},
    start,
};

struct Document(Value);

impl Document {
    /// Checks `body` against what the document says of an answer with `status`, of `kind`, to a call.
    fn check(&self, (method, path): (&str, &str), status: &str, kind: &str, body: &Value) {
        let answers = &self.0["paths"][path][method]["responses"];
        let schema = &answers[status]["content"][kind]["schema"];
        assert!(schema.is_object(), "{method} {path} has no schema for {status} in {kind}: {answers}");
        let schema = json!({ "allOf": [schema], "components": self.0["components"] });
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let errors: Vec<String> = validator.iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} {status}: {errors:#?}\n{body}");
    }
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

#[test]
fn answers_are_what_the_document_promises() {
    let Some(server) = start() else { return };
    let document = Document(server.get("/openapi.json").body);
    assert_eq!(document.0["openapi"], "3.1.0");
    for (path, documented) in
        [("/health", "/health"), ("/v1/models", "/v1/models"), ("/v1/models/default", "/v1/models/{model}")]
    {
        document.check(("get", documented), "200", JSON, &server.get(path).body);
    }
    document.check(("get", "/v1/models/{model}"), "default", JSON, &server.get("/v1/models/x").body);
    chats(&server, &document);
    completions(&server, &document);
    responses(&server, &document);
}

fn tools() -> Value {
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } } });
    json!([{ "type": "function", "function": { "name": "weather", "parameters": parameters } }])
}

fn chats(server: &Server, document: &Document) {
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

fn completions(server: &Server, document: &Document) {
    let call = ("post", "/v1/completions");
    let mut request = json!({ "prompt": "One, two,", "max_tokens": 3, "logprobs": 2 });
    document.check(call, "200", JSON, &server.post(call.1, &request).body);
    request["stream"] = json!(true);
    for piece in server.stream(call.1, &request) {
        document.check(call, "200", EVENTS, &piece);
    }
}

fn responses(server: &Server, document: &Document) {
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
