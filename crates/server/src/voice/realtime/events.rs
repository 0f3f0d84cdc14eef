//! What clients say, as OpenAI's Realtime interface spells it.

use serde::Deserialize;
use serde_json::Value;

/// An event of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub enum ClientEvent {
    #[serde(rename = "session.update")]
    UpdateSession { session: Value },
    #[serde(rename = "input_audio_buffer.append")]
    Append { audio: String },
    #[serde(rename = "input_audio_buffer.commit")]
    Commit,
    #[serde(rename = "input_audio_buffer.clear")]
    Clear,
    #[serde(rename = "conversation.item.create")]
    CreateItem { previous_item_id: Option<String>, item: NewItem },
    #[serde(rename = "conversation.item.retrieve")]
    RetrieveItem { item_id: String },
    #[serde(rename = "conversation.item.truncate")]
    TruncateItem { item_id: String, content_index: usize, audio_end_ms: u64 },
    #[serde(rename = "conversation.item.delete")]
    DeleteItem { item_id: String },
    #[serde(rename = "response.create")]
    CreateResponse {
        #[serde(default)]
        response: Option<Box<NewResponse>>,
    },
    #[serde(rename = "response.cancel")]
    CancelResponse { response_id: Option<String> },
}

/// An item that a client adds to the conversation.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NewItem {
    Message { id: Option<String>, role: Speaker, content: Vec<Part> },
    FunctionCall { id: Option<String>, call_id: Option<String>, name: String, arguments: String },
    FunctionCallOutput { id: Option<String>, call_id: String, output: String },
}

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    System,
    User,
    Assistant,
}

/// A part of a message.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    #[serde(alias = "text", alias = "output_text")]
    InputText { text: String },
    /// PCM as in `input_audio_buffer.append`.
    InputAudio { audio: String },
    #[serde(alias = "audio")]
    OutputAudio { transcript: String },
}

/// A response that a client wants; what it does not say is as in the session.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NewResponse {
    pub instructions: Option<String>,
    pub output_modalities: Option<Value>,
    pub audio: Option<Value>,
    pub tools: Option<Value>,
    pub tool_choice: Option<Value>,
    pub max_output_tokens: Option<Value>,
    pub temperature: Option<Value>,
    pub top_k: Option<Value>,
    pub top_p: Option<Value>,
    /// `none`: the response is not part of the conversation.
    pub conversation: Option<String>,
    /// What the response answers in place of the conversation.
    pub input: Option<Vec<NewItem>>,
    pub metadata: Option<Value>,
}
