//! Tools that a model may call: their definitions, and calls in the model's own spelling.
//!
//! A model that was trained to call tools has a [`ToolFormat`], found by its tokenizer and template. A [`ToolParser`] takes
//! the calls out of an answer while it is made.

mod call;
mod forced;
mod format;
mod parser;
mod python;
mod toolbox;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use format::ToolFormat;
pub use parser::ToolParser;
pub use toolbox::Toolbox;

use crate::LlmError;

/// A function that a model may call, as OpenAI's interface and chat templates describe one:
/// `{"type": "function", "function": {"name": …, "description": …, "parameters": JSON schema}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Tool(Value);

impl Tool {
    /// The tools of a JSON list; each may also be the inner object alone.
    ///
    /// # Errors
    /// It is no list, or an entry has no name.
    pub fn list(json: Value) -> Result<Vec<Self>, LlmError> {
        let Value::Array(entries) = json else {
            return Err(LlmError::Tools("expected a JSON list of functions".to_owned()));
        };
        entries.into_iter().enumerate().map(|(at, entry)| Self::new(entry, at)).collect()
    }

    fn new(entry: Value, at: usize) -> Result<Self, LlmError> {
        let tool = if entry["function"].is_object() { entry } else { json!({ "type": "function", "function": entry }) };
        match tool["function"]["name"].as_str() {
            Some(name) if !name.is_empty() => Ok(Self(tool)),
            _ => Err(LlmError::Tools(format!(
                "entry {at} has no name, expected {{\"type\": \"function\", \"function\": {{\"name\": …}}}}"
            ))),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0["function"]["name"].as_str().unwrap_or_default()
    }

    /// Name, description and parameters.
    pub fn function(&self) -> &Value {
        &self.0["function"]
    }
}

/// A function and what it is called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionCall {
    /// Its name.
    pub name: String,
    /// Its arguments by name, a JSON object.
    pub arguments: Value,
}

/// A call in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "function")]
pub struct ToolCall {
    /// What its result refers to.
    pub id: String,
    /// What is called.
    pub function: FunctionCall,
}

impl ToolCall {
    /// The `number`th call of a conversation. The id has nine letters and digits, as Mistral's templates demand.
    pub fn new(number: usize, function: FunctionCall) -> Self {
        Self { id: format!("call{number:05}"), function }
    }
}
