//! What a request adds to a conversation.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use sottovoce_llm::{
    chat::{Message, Role},
    tools::{FunctionCall, ToolCall},
};
use utoipa::ToSchema;

use crate::{http::Failure, openai::find_call};

/// A question, or items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Input {
    Text(String),
    #[schema(value_type = Vec<InputItem>)]
    Items(Vec<Value>),
}

/// An item, told by its `type`; one without is a message.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "describes to clients what `Input::add_to` tells apart by itself, with better errors")]
enum InputItem {
    Message(InputMessage),
    FunctionCall(FunctionCallItem),
    FunctionCallOutput(FunctionCallOutputItem),
}

#[derive(Deserialize, ToSchema)]
struct InputMessage {
    role: InputRole,
    content: InputContent,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum InputRole {
    System,
    Developer,
    User,
    Assistant,
}

#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum InputContent {
    Text(String),
    Parts(Vec<InputPart>),
}

#[derive(Deserialize, ToSchema)]
struct InputPart {
    /// `input_text` or `output_text`.
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

#[derive(Deserialize, ToSchema)]
struct FunctionCallItem {
    call_id: String,
    name: String,
    /// JSON in a text.
    arguments: String,
}

#[derive(Deserialize, ToSchema)]
struct FunctionCallOutputItem {
    call_id: String,
    output: InputContent,
}

impl Input {
    /// Adds the items to a conversation.
    pub fn add_to(self, conversation: &mut Vec<Message>) -> Result<(), Failure> {
        let items = match self {
            Self::Text(text) => {
                conversation.push(Message::user(text));
                return Ok(());
            }
            Self::Items(items) => items,
        };
        for (number, item) in items.into_iter().enumerate() {
            add(item, &format!("input[{number}]"), conversation)?;
        }
        Ok(())
    }
}

fn add(item: Value, place: &str, conversation: &mut Vec<Message>) -> Result<(), Failure> {
    match item["type"].as_str() {
        None | Some("message") => {
            let InputMessage { role, content } = read(item, place)?;
            let content = text(content, place)?;
            conversation.push(match role {
                InputRole::System | InputRole::Developer => Message::system(content),
                InputRole::User => Message::user(content),
                InputRole::Assistant => Message::assistant(content),
            });
        }
        Some("function_call") => {
            let FunctionCallItem { call_id, name, arguments } = read(item, place)?;
            let arguments = serde_json::from_str(&arguments).map_err(|error| {
                Failure::invalid(format!("{place}.arguments"), format!("the arguments of {name} are no JSON: {error}"))
            })?;
            let call = ToolCall { id: call_id, function: FunctionCall { name, arguments } };
            match conversation.last_mut().filter(|message| message.role == Role::Assistant) {
                Some(answer) => answer.tool_calls.push(call),
                None => conversation.push(Message { tool_calls: vec![call], ..Message::assistant("") }),
            }
        }
        Some("function_call_output") => {
            let FunctionCallOutputItem { call_id, output } = read(item, place)?;
            let output = text(output, place)?;
            let call = find_call(conversation, &call_id).ok_or_else(|| {
                Failure::invalid(format!("{place}.call_id"), format!("nothing before it calls with the id {call_id:?}"))
            })?;
            conversation.push(Message::tool_result(call, output));
        }
        Some(other) => {
            return Err(Failure::invalid(
                format!("{place}.type"),
                format!(
                    "an item of type {other:?}; expected \"message\", \"function_call\" or \"function_call_output\""
                ),
            ));
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(item: Value, place: &str) -> Result<T, Failure> {
    serde_path_to_error::deserialize(item).map_err(|error| {
        let path = Some(error.path().to_string()).filter(|path| path != ".");
        let place = path.map_or_else(|| place.to_owned(), |path| format!("{place}.{path}"));
        Failure::invalid(place, error.inner().to_string())
    })
}

fn text(content: InputContent, place: &str) -> Result<String, Failure> {
    let parts = match content {
        InputContent::Text(text) => return Ok(text),
        InputContent::Parts(parts) => parts,
    };
    let text = |(number, InputPart { kind, text }): (usize, InputPart)| match (kind.as_str(), text) {
        ("input_text" | "output_text" | "text", Some(text)) => Ok(text),
        (kind, _) => Err(Failure::invalid(
            format!("{place}.content[{number}]"),
            format!("a part of type {kind:?}; this model reads text"),
        )),
    };
    parts.into_iter().enumerate().map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn conversation(input: Value) -> Result<Vec<Message>, Failure> {
        let mut messages = Vec::new();
        serde_json::from_value::<Input>(input).unwrap().add_to(&mut messages)?;
        Ok(messages)
    }

    #[test]
    fn items_become_messages() {
        assert_eq!(conversation(json!("Hello")).unwrap(), [Message::user("Hello")]);
        let messages = conversation(json!([
            { "role": "developer", "content": "Be brief." },
            { "role": "user", "content": [{ "type": "input_text", "text": "Wea" }, { "type": "input_text", "text": "ther?" }] },
            { "type": "message", "id": "msg_1", "status": "completed", "role": "assistant",
                "content": [{ "type": "output_text", "text": "I look.", "annotations": [] }] },
            { "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "weather", "arguments": "{\"city\": \"Oslo\"}" },
            { "type": "function_call", "call_id": "c2", "name": "time", "arguments": "{}" },
            { "type": "function_call_output", "call_id": "c1", "output": "snow" },
            { "type": "function_call_output", "call_id": "c2", "output": [{ "type": "input_text", "text": "noon" }] },
        ]))
        .unwrap();
        let call = |id: &str, name: &str, arguments| ToolCall {
            id: id.to_owned(),
            function: FunctionCall { name: name.to_owned(), arguments },
        };
        let calls = vec![call("c1", "weather", json!({ "city": "Oslo" })), call("c2", "time", json!({}))];
        let expected = [
            Message::system("Be brief."),
            Message::user("Weather?"),
            Message { tool_calls: calls.clone(), ..Message::assistant("I look.") },
            Message::tool_result(&calls[0], "snow"),
            Message::tool_result(&calls[1], "noon"),
        ];
        assert_eq!(messages, expected);
    }

    #[test]
    fn what_does_not_fit_is_refused_by_its_place() {
        for (item, param, expected) in [
            (json!({ "type": "reasoning" }), "input[0].type", "of type \\\"reasoning\\\""),
            (json!({ "role": "robot", "content": "" }), "input[0].role", "unknown variant"),
            (json!({ "role": "user" }), "input[0]", "missing field `content`"),
            (json!({ "role": "user", "content": [{ "type": "input_image" }] }), "input[0].content[0]", "reads text"),
            (json!({ "type": "function_call_output", "call_id": "x", "output": "" }), "input[0].call_id", "the id"),
            (
                json!({ "type": "function_call", "call_id": "x", "name": "f", "arguments": "{" }),
                "input[0].arguments",
                "are no JSON",
            ),
        ] {
            let body = json!(conversation(json!([item])).unwrap_err().body());
            assert_eq!(body["error"]["param"], param);
            assert!(body.to_string().contains(expected), "{body}");
        }
    }
}
