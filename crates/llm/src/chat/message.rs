//! What is said in a conversation.

use serde::{Deserialize, Serialize};

use crate::tools::ToolCall;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions for the model.
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A function that the model called.
    Tool,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What they say.
    pub content: String,
    /// The functions that the model calls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// The call that this is the result of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The function that this is the result of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Message {
    fn new(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None, name: None }
    }

    /// Instructions for the model.
    pub fn system(content: impl Into<String>) -> Self {
        Self::new(Role::System, content)
    }

    /// What the person says.
    pub fn user(content: impl Into<String>) -> Self {
        Self::new(Role::User, content)
    }

    /// What the model says.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self::new(Role::Assistant, content)
    }

    /// What a function that the model called returned.
    pub fn tool_result(call: &ToolCall, content: impl Into<String>) -> Self {
        let (tool_call_id, name) = (Some(call.id.clone()), Some(call.function.name.clone()));
        Self { tool_call_id, name, ..Self::new(Role::Tool, content) }
    }

    /// The message with every text that a person, a model or a function wrote changed by `change`.
    pub(super) fn map_texts(&self, change: &impl Fn(&str) -> String) -> Self {
        let mut message = Self { content: change(&self.content), ..self.clone() };
        for ToolCall { function, .. } in &mut message.tool_calls {
            function.name = change(&function.name);
            map_strings(&mut function.arguments, change);
        }
        message
    }
}

fn map_strings(value: &mut serde_json::Value, change: &impl Fn(&str) -> String) {
    match value {
        serde_json::Value::String(text) => *text = change(text),
        serde_json::Value::Array(items) => items.iter_mut().for_each(|item| map_strings(item, change)),
        serde_json::Value::Object(members) => {
            let changed = std::mem::take(members).into_iter().map(|(key, mut member)| {
                map_strings(&mut member, change);
                (change(&key), member)
            });
            *members = changed.collect();
        }
        _ => {}
    }
}
