//! Answers that have to be a call.

use serde_json::{Value, json};

use super::{Tool, ToolFormat, Toolbox};
use crate::LlmError;
use crate::constrain::{Grammar, with_space};
use crate::tokenizer::Tokenizer;

impl Toolbox {
    /// What an answer has to be in order to be one call, spelled as the model was trained to, with arguments that the
    /// function's schema accepts: of the function called `name`, or of any.
    ///
    /// # Errors
    /// There is no such function, or its parameters are no schema of an object.
    pub fn call_grammar(&self, name: Option<&str>, tokenizer: &Tokenizer) -> Result<Grammar, LlmError> {
        let chosen = self.tools().iter().filter(|tool| name.is_none_or(|name| tool.name() == name));
        let calls = chosen.map(|tool| spelled(self.format(), tool, tokenizer)).collect::<Result<Vec<_>, _>>()?;
        match name {
            _ if !calls.is_empty() => Ok(Grammar::Lark(format!("start: {}", calls.join("\n    | ")))),
            Some(name) => Err(LlmError::Tools(format!("a call of {name:?} is demanded, which is not among the tools"))),
            None => Err(LlmError::Tools("a call is demanded, and there are no tools".to_owned())),
        }
    }
}

/// A call of `tool` as a sequence of Lark's terms.
fn spelled(format: ToolFormat, tool: &Tool, tokenizer: &Tokenizer) -> Result<String, LlmError> {
    let text = |text: &str| Value::from(text).to_string();
    // A control token is no text; any other marker is, whatever tokens it has.
    let marker = |marker: &str| match tokenizer.id(marker) {
        Some(id) if tokenizer.is_special(id) => format!("<[{id}]>"),
        _ => text(marker),
    };
    let name = text(tool.name());
    let arguments = format!("%json {}", with_space(arguments(tool)?));
    let object = |before: &str, key: &str, after: &str| {
        let before = text(&format!("{before}{{\"name\": {name}, \"{key}\": "));
        format!("{before} {arguments} {}", text(&format!("}}{after}")))
    };
    let markup = &format.markup()[0];
    let (open, close) = (marker(markup.open), markup.close.map(marker).unwrap_or_default());
    Ok(match format {
        ToolFormat::Hermes | ToolFormat::Gemma => format!("{open} {} {close}", object("\n", "arguments", "\n")),
        ToolFormat::Llama => object("", "parameters", ""),
        ToolFormat::Mistral if tokenizer.id("[ARGS]").is_some() => {
            format!("{open} {} {} {arguments}", text(tool.name()), marker("[ARGS]"))
        }
        ToolFormat::Mistral | ToolFormat::Phi => format!("{open} {} {close}", object("[", "arguments", "]")),
    })
}

/// The schema of a function's arguments. One that says nothing about them has none.
fn arguments(tool: &Tool) -> Result<Value, LlmError> {
    match tool.function().get("parameters") {
        None | Some(Value::Null) => Ok(json!({ "type": "object", "properties": {}, "additionalProperties": false })),
        Some(Value::Object(schema)) if schema.get("type").is_none_or(|kind| kind == "object") => {
            let mut schema = schema.clone();
            schema.insert("type".to_owned(), json!("object"));
            Ok(Value::Object(schema))
        }
        Some(other) => Err(LlmError::Tools(format!(
            "the parameters of {:?} are {other}, expected a JSON schema of type \"object\"",
            tool.name()
        ))),
    }
}
