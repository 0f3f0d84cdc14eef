//! Calls of tools that a client demands.

use serde_json::{Value, json};

use super::{
    server::{Server, chat},
    start,
};

fn tools() -> Value {
    let function = |name: &str, parameters: Value| {
        let description = format!("Use it to {}", name.replace('_', " "));
        json!({ "type": "function", "function": { "name": name, "description": description, "parameters": parameters } })
    };
    json!([
        function("set_timer", timer_schema()),
        function("stop_music", json!({ "type": "object", "properties": {} }))
    ])
}

fn timer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "minutes": { "type": "integer", "minimum": 1, "maximum": 600 },
            "label": { "type": "string", "maxLength": 20 },
        },
        "required": ["minutes", "label"],
        "additionalProperties": false,
    })
}

fn ask(choice: Value) -> Value {
    let more = json!({ "tools": tools(), "tool_choice": choice, "max_tokens": 120 });
    chat("Tell me a joke about the sea.", more)
}

/// Checks that a call is of `name`, with arguments that `schema` accepts.
fn check(call: &Value, name: &str, schema: &Value) {
    let arguments: Value = serde_json::from_str(call["function"]["arguments"].as_str().unwrap()).unwrap();
    assert_eq!((&call["type"], &call["function"]["name"]), (&json!("function"), &json!(name)), "{call}");
    assert!(jsonschema::is_valid(schema, &arguments), "{arguments}");
}

fn the_call(server: &Server, choice: Value) -> Value {
    let body = server.post("/v1/chat/completions", &ask(choice)).body;
    let choice = &body["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["content"]),
        (&json!("tool_calls"), &Value::Null),
        "{body}"
    );
    let calls = choice["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 1, "{body}");
    calls[0].clone()
}

#[test]
fn a_demanded_call_is_made_and_valid() {
    let Some(server) = start() else { return };
    let named = json!({ "type": "function", "function": { "name": "set_timer" } });
    check(&the_call(&server, named.clone()), "set_timer", &timer_schema());
    let call = the_call(&server, json!("required"));
    assert!(["set_timer", "stop_music"].contains(&call["function"]["name"].as_str().unwrap()), "{call}");
    let allowed =
        json!({ "mode": "required", "tools": [{ "type": "function", "function": { "name": "stop_music" } }] });
    let call = the_call(&server, json!({ "type": "allowed_tools", "allowed_tools": allowed }));
    check(&call, "stop_music", &json!({ "type": "object" }));

    // Streamed, it is the same call.
    let mut request = ask(named);
    request["stream"] = json!(true);
    let pieces = server.stream("/v1/chat/completions", &request);
    assert!(pieces.iter().all(|piece| piece["choices"][0]["delta"]["content"].as_str().is_none_or(str::is_empty)));
    let last = &pieces.last().unwrap()["choices"][0];
    assert_eq!(last["finish_reason"], "tool_calls");
    assert_eq!(last["delta"]["tool_calls"][0]["index"], 0);
    check(&last["delta"]["tool_calls"][0], "set_timer", &timer_schema());
}

#[test]
fn calls_that_nobody_can_make_are_refused() {
    let Some(server) = start() else { return };
    let refused = |body: Value, param: &str, text: &str| {
        let reply = server.post("/v1/chat/completions", &body);
        let error = &reply.body["error"];
        assert_eq!((reply.status, &error["param"]), (400, &json!(param)), "{}", reply.body);
        assert!(error["message"].as_str().unwrap().contains(text), "{}", reply.body);
    };
    refused(ask(json!({ "type": "function", "function": { "name": "fly" } })), "tool_choice", "\"fly\" is not among");
    refused(ask(json!("always")), "tool_choice", "expected");
    let mut request = ask(json!("required"));
    request["tools"][0]["function"]["parameters"] =
        json!({ "type": "object", "properties": { "a": { "type": "nothing" } } });
    refused(request, "tools", "nothing");
}
