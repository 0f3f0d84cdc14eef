//! A response as clients see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sottovoce_llm::generate::Stats;
use utoipa::ToSchema;

use crate::openai::chat::LogProb;

/// A response, finished or in the making.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Response {
    pub id: String,
    pub object: &'static str,
    /// Seconds since 1970.
    pub created_at: u64,
    pub completed_at: Option<u64>,
    pub status: Status,
    pub error: Option<ResponseError>,
    pub incomplete_details: Option<IncompleteDetails>,
    pub instructions: Option<String>,
    pub max_output_tokens: Option<usize>,
    pub model: String,
    pub output: Vec<OutputItem>,
    pub parallel_tool_calls: bool,
    pub previous_response_id: Option<String>,
    pub store: bool,
    pub temperature: f32,
    #[schema(value_type = Object)]
    pub text: Value,
    pub tool_choice: Value,
    pub tools: Vec<FunctionTool>,
    pub top_logprobs: usize,
    pub top_p: f32,
    pub truncation: Truncation,
    pub usage: Option<ResponseUsage>,
    pub metadata: BTreeMap<String, String>,
}

/// How far a response or a part of it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

/// What becomes of a conversation that is longer than the model's context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Truncation {
    /// The oldest turns are left out.
    Auto,
    /// It is refused.
    #[default]
    Disabled,
}

/// Why a response failed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResponseError {
    pub code: &'static str,
    pub message: String,
}

/// Why a response ended before its end.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct IncompleteDetails {
    pub reason: &'static str,
}

/// A function that the model may call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FunctionTool {
    /// `function`: a server of a model alone has no other.
    #[serde(rename = "type")]
    pub kind: String,
    pub name: Option<String>,
    pub description: Option<String>,
    /// JSON schema of its arguments.
    #[schema(value_type = Option<Object>)]
    pub parameters: Option<Value>,
    pub strict: Option<bool>,
}

/// A part of what the model answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputItem {
    Message { id: String, status: Status, role: &'static str, content: Vec<ContentPart> },
    FunctionCall { id: String, status: Status, call_id: String, name: String, arguments: String },
}

/// A part of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ContentPart {
    OutputText {
        text: String,
        /// None: they are references to what this server cannot look up.
        #[schema(value_type = Vec<Object>)]
        annotations: [(); 0],
        logprobs: Vec<LogProb>,
    },
}

impl ContentPart {
    pub fn text(text: String, logprobs: Vec<LogProb>) -> Self {
        Self::OutputText { text, annotations: [], logprobs }
    }
}

/// Tokens that a response took.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ResponseUsage {
    input_tokens: usize,
    input_tokens_details: InputDetails,
    output_tokens: usize,
    output_tokens_details: OutputDetails,
    total_tokens: usize,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct InputDetails {
    /// Tokens whose keys and values were there already.
    cached_tokens: usize,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
struct OutputDetails {
    reasoning_tokens: usize,
}

impl From<Stats> for ResponseUsage {
    fn from(stats: Stats) -> Self {
        Self {
            input_tokens: stats.prompt_tokens,
            input_tokens_details: InputDetails { cached_tokens: stats.reused_tokens },
            output_tokens: stats.generated_tokens,
            output_tokens_details: OutputDetails { reasoning_tokens: 0 },
            total_tokens: stats.prompt_tokens + stats.generated_tokens,
        }
    }
}
