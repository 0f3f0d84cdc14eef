//! Messages of a request.

use serde::Deserialize;
use sottovoce_llm::{
    chat::Message,
    tools::{FunctionCall, ToolCall},
};
use utoipa::ToSchema;

use crate::{http::Failure, openai::find_call};

/// A message as OpenAI spells it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct WireMessage {
    role: WireRole,
    content: Option<MessageContent>,
    #[serde(default)]
    tool_calls: Vec<WireCall>,
    tool_call_id: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum WireRole {
    System,
    Developer,
    User,
    Assistant,
    Tool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
enum MessageContent {
    Text(String),
    Parts(Vec<MessagePart>),
}

#[derive(Debug, Deserialize, ToSchema)]
struct MessagePart {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct WireCall {
    id: String,
    function: WireFunction,
}

#[derive(Debug, Deserialize, ToSchema)]
struct WireFunction {
    name: String,
    /// JSON in a text.
    arguments: String,
}

/// The conversation of a request.
pub fn conversation(messages: Vec<WireMessage>) -> Result<Vec<Message>, Failure> {
    if messages.is_empty() {
        return Err(Failure::invalid("messages", "the conversation is empty"));
    }
    let mut conversation: Vec<Message> = Vec::new();
    for (number, wire) in messages.into_iter().enumerate() {
        let place = format!("messages[{number}]");
        let content = content(wire.content, &place)?;
        let message = match wire.role {
            WireRole::System | WireRole::Developer => Message::system(content),
            WireRole::User => Message::user(content),
            WireRole::Assistant => {
                let calls = wire.tool_calls.into_iter().map(|call| tool_call(call, &place));
                Message { tool_calls: calls.collect::<Result<_, _>>()?, ..Message::assistant(content) }
            }
            WireRole::Tool => {
                let id = wire.tool_call_id.ok_or_else(|| {
                    Failure::invalid(
                        format!("{place}.tool_call_id"),
                        "the result of a tool names the call that it belongs to",
                    )
                })?;
                tool_result(id, wire.name, content, &conversation, &place)?
            }
        };
        conversation.push(message);
    }
    Ok(conversation)
}

fn content(content: Option<MessageContent>, place: &str) -> Result<String, Failure> {
    match content {
        None => Ok(String::new()),
        Some(MessageContent::Text(text)) => Ok(text),
        Some(MessageContent::Parts(parts)) => parts
            .into_iter()
            .enumerate()
            .map(|(number, part)| match (part.kind.as_str(), part.text) {
                ("text", Some(text)) => Ok(text),
                (kind, _) => Err(Failure::invalid(
                    format!("{place}.content[{number}]"),
                    format!("a part of type {kind:?}; this model reads text"),
                )),
            })
            .collect(),
    }
}

fn tool_call(call: WireCall, place: &str) -> Result<ToolCall, Failure> {
    let WireFunction { name, arguments } = call.function;
    let arguments = serde_json::from_str(&arguments).map_err(|error| {
        Failure::invalid(format!("{place}.tool_calls"), format!("the arguments of {name} are no JSON: {error}"))
    })?;
    Ok(ToolCall { id: call.id, function: FunctionCall { name, arguments } })
}

/// The result of an earlier call, which says what function it is of.
fn tool_result(
    id: String,
    name: Option<String>,
    content: String,
    earlier: &[Message],
    place: &str,
) -> Result<Message, Failure> {
    match find_call(earlier, &id) {
        Some(call) => Ok(Message::tool_result(call, content)),
        None => match name {
            Some(name) => {
                let function = FunctionCall { name, arguments: serde_json::json!({}) };
                Ok(Message::tool_result(&ToolCall { id, function }, content))
            }
            None => Err(Failure::invalid(
                format!("{place}.tool_call_id"),
                format!("no message before it calls a tool with the id {id:?}"),
            )),
        },
    }
}
