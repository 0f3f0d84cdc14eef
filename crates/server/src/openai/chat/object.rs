//! Answers as chats tell them.

use serde::Serialize;
use sottovoce_llm::{
    generate::FinishReason,
    tools::{FunctionCall, ToolCall},
};
use utoipa::ToSchema;

use super::logprobs::{LogProb, LogProbs};
use crate::openai::{Head, Usage, finish_reason};

/// A whole response.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatCompletion {
    #[serde(flatten)]
    pub head: Head,
    pub choices: Vec<Choice>,
    pub usage: Usage,
}

/// One of the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Choice {
    index: usize,
    message: AnswerMessage,
    logprobs: Option<LogProbs>,
    finish_reason: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AnswerMessage {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<AnswerCall>,
}

/// A call as OpenAI spells it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnswerCall {
    /// Its number, in pieces of a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    function: CalledFunction,
}

#[derive(Debug, Serialize, ToSchema)]
struct CalledFunction {
    name: String,
    /// JSON in a text.
    arguments: String,
}

/// A piece of a response.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChatChunk {
    #[serde(flatten)]
    pub head: Head,
    pub choices: Vec<ChunkChoice>,
    /// In the last piece, if it was asked for; `null` in the others then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Usage>)]
    pub usage: Option<Option<Usage>>,
}

/// A piece of one of the answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChunkChoice {
    pub index: u64,
    pub delta: Delta,
    pub logprobs: Option<LogProbs>,
    pub finish_reason: Option<&'static str>,
}

/// What comes to a message.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Delta {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<AnswerCall>,
}

/// An answer that is collected.
#[derive(Default)]
pub struct Draft {
    pub text: String,
    pub calls: Vec<FunctionCall>,
    pub logprobs: Vec<LogProb>,
    pub reason: Option<FinishReason>,
}

impl Draft {
    pub fn choice(self, index: usize) -> Choice {
        let is_call_alone = !self.calls.is_empty() && self.text.trim().is_empty();
        let message = AnswerMessage {
            role: "assistant",
            content: (!is_call_alone).then_some(self.text),
            refusal: None,
            tool_calls: tool_calls(&self.calls, false),
        };
        let finish_reason = reason_with_calls(self.reason, &self.calls);
        Choice { index, message, logprobs: LogProbs::new(self.logprobs), finish_reason }
    }
}

pub fn reason_with_calls(reason: Option<FinishReason>, calls: &[FunctionCall]) -> Option<&'static str> {
    if calls.is_empty() { reason.map(finish_reason) } else { Some("tool_calls") }
}

/// Calls, with their numbers if they are pieces.
pub fn tool_calls(calls: &[FunctionCall], numbered: bool) -> Vec<AnswerCall> {
    let spell = |(number, call): (usize, &FunctionCall)| AnswerCall {
        index: numbered.then_some(number),
        id: ToolCall::new(number, call.clone()).id,
        kind: "function",
        function: CalledFunction { name: call.name.clone(), arguments: call.arguments.to_string() },
    };
    calls.iter().enumerate().map(spell).collect()
}
