//! The tools that a model is offered, for templates with and without a place for them.

use serde_json::json;

use super::{Tool, ToolFormat, ToolParser};
use crate::chat::{Message, Role};
use crate::tokenizer::Tokenizer;

/// Tools, and how the model that they are offered to spells calls.
#[derive(Clone, Debug)]
pub struct Toolbox {
    tools: Vec<Tool>,
    format: ToolFormat,
    control_tokens: Vec<u32>,
}

impl Toolbox {
    /// `tools` for the model of `tokenizer`.
    pub fn new(tools: Vec<Tool>, tokenizer: &Tokenizer) -> Self {
        let format = ToolFormat::of(tokenizer);
        Self { tools, format, control_tokens: format.control_tokens(tokenizer) }
    }

    /// The tools.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// How calls are spelled.
    pub fn format(&self) -> ToolFormat {
        self.format
    }

    /// The control tokens that calls are spelled with, which have to be part of the text for a parser to see them.
    pub fn control_tokens(&self) -> &[u32] {
        &self.control_tokens
    }

    /// A parser for the next answer.
    pub fn parser(&self) -> ToolParser {
        ToolParser::new(self.format, &self.tools)
    }

    /// A conversation in the roles that every template knows: the system message describes the tools, answers hold their
    /// calls as the model would spell them, and results are told by the user.
    pub(crate) fn spell_out(&self, messages: &[Message]) -> Vec<Message> {
        let (system, rest) = match messages {
            [Message { role: Role::System, content, .. }, rest @ ..] => (format!("{content}\n\n"), rest),
            all => (String::new(), all),
        };
        let mut plain = vec![Message::system(system + &self.instructions())];
        let mut after_result = false;
        for message in rest {
            let is_result = message.role == Role::Tool;
            match plain.last_mut() {
                // Templates that demand alternating roles get several results as one message.
                Some(results) if is_result && after_result => {
                    results.content.push('\n');
                    results.content.push_str(&result(message));
                }
                _ if is_result => plain.push(Message::user(result(message))),
                _ if message.tool_calls.is_empty() => plain.push(message.clone()),
                _ => {
                    let calls = message.tool_calls.iter().map(|call| self.format.spell(&call.function));
                    let content = [message.content.clone()].into_iter().filter(|content| !content.is_empty());
                    plain.push(Message::assistant(content.chain(calls).collect::<Vec<_>>().join("\n")));
                }
            }
            after_result = is_result;
        }
        plain
    }

    fn instructions(&self) -> String {
        let functions: Vec<String> = self.tools.iter().map(|tool| tool.function().to_string()).collect();
        let example = self.format.spell_json(r#"{"name": "FUNCTION", "arguments": {"ARGUMENT": "VALUE"}}"#);
        format!(
            "You can call these functions. Each line describes one in JSON:\n{}\n\nWhen a function would help, answer \
             with nothing but the call, in this form:\n{example}\nYou are then told what the function returned.",
            functions.join("\n")
        )
    }
}

fn result(message: &Message) -> String {
    let result = json!({ "name": message.name, "content": message.content });
    format!("<tool_response>\n{result}\n</tool_response>")
}
