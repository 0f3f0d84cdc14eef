//! `/v1/responses`.

use serde_json::{Value, json};

use super::{server::Server, start};

fn request(input: impl Into<Value>, more: Value) -> Value {
    let mut body = json!({ "model": "default", "input": input.into(), "temperature": 0, "max_output_tokens": 24 });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn create(server: &Server, input: impl Into<Value>, more: Value) -> Value {
    let reply = server.post("/v1/responses", &request(input, more));
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.body
}

fn text(response: &Value) -> &str {
    response["output"][0]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {response}"))
}

#[test]
fn a_response_has_text_status_and_usage() {
    let Some(server) = start() else { return };
    let response = create(&server, "What is the capital of Japan?", json!({ "metadata": { "topic": "cities" } }));
    assert!(text(&response).contains("Tokyo"), "{response}");
    assert_eq!((&response["object"], &response["status"]), (&json!("response"), &json!("completed")));
    assert_eq!(
        (&response["output"][0]["role"], &response["metadata"]["topic"]),
        (&json!("assistant"), &json!("cities"))
    );
    let usage = &response["usage"];
    let count = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(count("input_tokens") + count("output_tokens"), count("total_tokens"));

    let again = create(&server, "What is the capital of Japan?", json!({ "max_output_tokens": 2 }));
    assert_eq!(again["usage"]["input_tokens_details"]["cached_tokens"].as_u64(), Some(count("input_tokens") - 1));
    assert_eq!(
        (&again["status"], &again["incomplete_details"]["reason"]),
        (&json!("incomplete"), &json!("max_output_tokens"))
    );
    assert_eq!(again["output"][0]["status"], "incomplete");
}

#[test]
fn a_conversation_goes_on_from_a_stored_response() {
    let Some(server) = start() else { return };
    let first = create(&server, "My name is Ada. Remember it.", json!({ "instructions": "Answer in one sentence." }));
    let id = first["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/responses/{id}")).body, first);
    let second = create(&server, "What is my name?", json!({ "previous_response_id": id }));
    // The whole conversation is the prompt, without the instructions of the response before.
    let items = json!([
        { "role": "user", "content": "My name is Ada. Remember it." },
        first["output"][0],
        { "role": "user", "content": "What is my name?" },
    ]);
    let spelled_out = create(&server, items, json!({ "store": false }));
    assert_eq!(spelled_out["usage"]["input_tokens"], second["usage"]["input_tokens"]);

    let gone = |id: &Value| server.get(&format!("/v1/responses/{}", id.as_str().unwrap())).status == 404;
    assert!(gone(&spelled_out["id"]), "what was not to be stored is");
    assert_eq!(server.delete(&format!("/v1/responses/{id}")).body["deleted"], true);
    assert!(gone(&first["id"]) && !gone(&second["id"]));
    let reply = server.post("/v1/responses", &request("And?", json!({ "previous_response_id": id })));
    assert_eq!((reply.status, &reply.body["error"]["code"]), (400, &json!("previous_response_not_found")));
}

/// The kinds of events, each once where several follow one another.
fn kinds(events: &[(String, Value)]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_stream_tells_of_every_part_in_order() {
    let Some(server) = start() else { return };
    let body = request(
        "What is the capital of Japan?",
        json!({ "stream": true, "include": ["message.output_text.logprobs"] }),
    );
    let events = server.events("/v1/responses", &body);
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds(&events), expected);
    for (number, (name, data)) in events.iter().enumerate() {
        assert_eq!((&data["type"], &data["sequence_number"]), (&json!(name), &json!(number)));
    }
    let deltas = events.iter().filter(|(name, _)| name == "response.output_text.delta");
    let (mut joined, mut logprobs) = (String::new(), Vec::new());
    for (_, data) in deltas {
        joined.push_str(data["delta"].as_str().unwrap());
        logprobs.extend(data["logprobs"].as_array().unwrap().clone());
    }
    let response = &events.last().unwrap().1["response"];
    assert_eq!(text(response), joined);
    assert!(joined.contains("Tokyo"), "{joined}");
    assert_eq!(response["output"][0]["content"][0]["logprobs"], json!(logprobs));
    assert_eq!(json!(logprobs.len()), response["usage"]["output_tokens"]);
    let id = response["id"].as_str().unwrap();
    assert_eq!(&server.get(&format!("/v1/responses/{id}")).body, response);
}

#[test]
fn functions_are_called_and_their_results_are_read() {
    let Some(server) = start() else { return };
    let parameters = json!({ "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } },
        "required": ["city"], "additionalProperties": false });
    let tools = json!([{ "type": "function", "name": "get_weather", "parameters": parameters }]);
    let forced = json!({ "tools": tools, "tool_choice": { "type": "function", "name": "get_weather" },
        "stream": true, "max_output_tokens": 100 });
    let events = server.events("/v1/responses", &request("What is the weather in Oslo?", forced));
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(kinds(&events), expected);
    let response = &events.last().unwrap().1["response"];
    let call = &response["output"][0];
    assert_eq!(
        (&call["type"], &call["name"], &call["status"]),
        (&json!("function_call"), &json!("get_weather"), &json!("completed"))
    );
    let arguments: Value = serde_json::from_str(call["arguments"].as_str().unwrap()).unwrap();
    assert!(jsonschema::is_valid(&parameters, &arguments), "{arguments}");

    let output = json!([{ "type": "function_call_output", "call_id": call["call_id"], "output": "Snow, 3 degrees below zero." }]);
    let answer = create(&server, output, json!({ "previous_response_id": response["id"], "tools": tools }));
    assert!(text(&answer).contains("3 degrees"), "{answer}");
}

#[test]
fn a_text_keeps_its_format() {
    let Some(server) = start() else { return };
    let schema = json!({ "type": "object", "properties": { "city": { "type": "string", "maxLength": 20 } },
        "required": ["city"], "additionalProperties": false });
    let format = json!({ "type": "json_schema", "name": "city", "schema": schema });
    let response = create(&server, "Name a city.", json!({ "text": { "format": format }, "max_output_tokens": 60 }));
    let answer: Value = serde_json::from_str(text(&response)).unwrap();
    assert!(jsonschema::is_valid(&schema, &answer), "{answer}");
    assert_eq!(response["text"]["format"]["type"], "json_schema");
}

#[test]
fn a_long_conversation_is_cut_where_it_may_be() {
    let Some(server) = start() else { return };
    let mut items = vec![json!({ "role": "system", "content": "You are brief." })];
    for number in 0..30 {
        items.push(json!({ "role": "user", "content": format!("Question {number}: is {number} a number?") }));
        items.push(json!({ "role": "assistant", "content": "Yes, it is a number, as far as I know." }));
    }
    items.push(json!({ "role": "user", "content": "What is the capital of Japan?" }));
    let reply = server.post("/v1/responses", &request(items.clone(), json!({})));
    let error = &reply.body["error"];
    let expected = (400, &json!("input"), &json!("context_length_exceeded"));
    assert_eq!((reply.status, &error["param"], &error["code"]), expected, "{}", reply.body);

    let cut = create(&server, items, json!({ "truncation": "auto" }));
    assert!(text(&cut).contains("Tokyo"), "{cut}");
    let tokens = cut["usage"]["input_tokens"].as_u64().unwrap();
    // As many turns stay as fit beside 24 tokens of an answer: one more would not.
    assert!((400..=488).contains(&tokens), "{tokens}");
    let alone = server.post("/v1/responses", &request("word ".repeat(600), json!({ "truncation": "auto" })));
    assert_eq!((alone.status, &alone.body["error"]["code"]), (400, &json!("context_length_exceeded")));
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let Some(server) = start() else { return };
    let refused = |body: Value, status: u16, param: &str, text: &str| {
        let reply = server.post("/v1/responses", &body);
        let error = &reply.body["error"];
        assert_eq!((reply.status, error["param"].as_str().unwrap_or_default()), (status, param), "{}", reply.body);
        assert!(error["message"].as_str().unwrap().contains(text), "{}", reply.body);
    };
    refused(request("", json!({ "model": "gpt-5" })), 404, "model", "no model \"gpt-5\"");
    refused(request(json!([]), json!({})), 400, "input", "nothing to answer");
    refused(request("", json!({ "n": 2 })), 400, "n", "one answer");
    refused(request("", json!({ "background": true })), 400, "background", "stream instead");
    refused(request("", json!({ "conversation": "conv_1" })), 400, "conversation", "not supported");
    refused(request("", json!({ "reasoning": { "effort": "low" } })), 400, "reasoning", "not supported");
    refused(request("", json!({ "include": ["file_search_call.results"] })), 400, "include", "cannot be included");
    refused(request("", json!({ "tools": [{ "type": "web_search" }] })), 400, "tools[0].type", "only knows functions");
    refused(request("", json!({ "truncation": "sometimes" })), 400, "truncation", "unknown variant");
    refused(request("", json!({ "tool_choice": "required" })), 400, "tool_choice", "there are no tools");
    let format = json!({ "type": "json_schema", "name": "x", "schema": { "type": "nothing" } });
    refused(request("", json!({ "text": { "format": format } })), 400, "text.format", "JSON schema");
    refused(
        request(json!([{ "type": "item_reference", "id": "x" }]), json!({})),
        400,
        "input[0].type",
        "item_reference",
    );
}
