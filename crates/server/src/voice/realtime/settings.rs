//! How a session is set up: what clients see of it, and change.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sottovoce_llm::tools::Tool;

use crate::{assistant::Place, engine::ChatOptions};

/// The session as clients see it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(rename = "type")]
    kind: Kind,
    object: String,
    pub id: String,
    pub model: String,
    /// Tells the model who it is.
    pub instructions: String,
    pub output_modalities: Vec<Modality>,
    pub audio: Sound,
    /// As OpenAI describes functions.
    pub tools: Vec<Value>,
    pub tool_choice: ToolChoice,
    pub max_output_tokens: Limit,
    /// How tokens are chosen; null is as the model's makers recommend. OpenAI has no name for the last two.
    temperature: Option<f64>,
    top_k: Option<usize>,
    top_p: Option<f64>,
    /// Where in the history what is said is kept; null keeps it nowhere.
    #[serde(default)]
    pub sottovoce: Option<Place>,
    // What makes no difference here.
    #[serde(default, skip_serializing, rename = "tracing")]
    _tracing: Value,
    #[serde(default, skip_serializing, rename = "truncation")]
    _truncation: Value,
    #[serde(default, skip_serializing, rename = "include")]
    _include: Value,
    #[serde(default, skip_serializing, rename = "parallel_tool_calls")]
    _parallel_tool_calls: Value,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Realtime,
}

/// What a response is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    Text,
    Audio,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ToolChoice {
    Auto,
    None,
}

/// Tokens at most.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Limit {
    Tokens(usize),
    None(Infinite),
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub enum Infinite {
    #[serde(rename = "inf")]
    Infinite,
}

/// Sound in and out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sound {
    pub input: SoundIn,
    pub output: SoundOut,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SoundIn {
    format: Format,
    /// Whether clients are told what was understood. It is understood in any case: the model reads it.
    pub transcription: Option<Value>,
    /// Always null: sound is taken as it is.
    noise_reduction: (),
    /// What ends a turn; nothing means that the client does.
    pub turn_detection: Option<TurnDetection>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SoundOut {
    format: Format,
    pub voice: String,
    pub speed: f32,
}

/// The one format there is: 16-bit integers, 24,000 a second.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type")]
enum Format {
    #[serde(rename = "audio/pcm")]
    Pcm {
        #[serde(default = "pcm_rate")]
        rate: PcmRate,
    },
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(try_from = "u32", into = "u32")]
struct PcmRate;

fn pcm_rate() -> PcmRate {
    PcmRate
}

impl TryFrom<u32> for PcmRate {
    type Error = String;

    fn try_from(rate: u32) -> Result<Self, String> {
        if rate == super::PCM_RATE {
            Ok(Self)
        } else {
            Err(format!("{rate} samples a second, expected {}", super::PCM_RATE))
        }
    }
}

impl From<PcmRate> for u32 {
    fn from(_: PcmRate) -> Self {
        super::PCM_RATE
    }
}

/// What ends a turn.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TurnDetection {
    /// A silence.
    ServerVad {
        #[serde(default = "half")]
        threshold: f32,
        #[serde(default = "prefix_padding")]
        prefix_padding_ms: u64,
        #[serde(default = "silence_duration")]
        silence_duration_ms: u64,
        #[serde(default = "yes")]
        create_response: bool,
        #[serde(default = "yes")]
        interrupt_response: bool,
        #[serde(default)]
        idle_timeout_ms: (),
    },
    /// A silence behind what sounds complete.
    SemanticVad {
        #[serde(default)]
        eagerness: Eagerness,
        #[serde(default = "yes")]
        create_response: bool,
        #[serde(default = "yes")]
        interrupt_response: bool,
    },
}

/// How long a turn that sounds incomplete is waited for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Eagerness {
    Low,
    Medium,
    High,
    #[default]
    Auto,
}

fn half() -> f32 {
    0.5
}

fn prefix_padding() -> u64 {
    300
}

fn silence_duration() -> u64 {
    500
}

fn yes() -> bool {
    true
}

impl TurnDetection {
    /// Whether the end of a turn begins a response.
    pub fn creates_response(&self) -> bool {
        match self {
            Self::ServerVad { create_response, .. } | Self::SemanticVad { create_response, .. } => *create_response,
        }
    }

    /// Whether speech ends a response.
    pub fn interrupts_response(&self) -> bool {
        match self {
            Self::ServerVad { interrupt_response, .. } | Self::SemanticVad { interrupt_response, .. } => {
                *interrupt_response
            }
        }
    }

    /// Whether the model of turns is asked.
    pub fn is_semantic(&self) -> bool {
        matches!(self, Self::SemanticVad { .. })
    }
}

impl Settings {
    /// Those that a session begins with.
    pub fn new(id: String, model: &str, voice: &str) -> Self {
        Self {
            kind: Kind::Realtime,
            object: "realtime.session".to_owned(),
            id,
            model: model.to_owned(),
            instructions:
                "You are a knowledgeable, friendly, polite and honest assistant. Your answers are spoken, so \
                           keep them short. When you do not know something, say so."
                    .to_owned(),
            output_modalities: vec![Modality::Audio],
            audio: Sound {
                input: SoundIn {
                    format: Format::Pcm { rate: PcmRate },
                    transcription: Some(json!({})),
                    noise_reduction: (),
                    turn_detection: Some(TurnDetection::SemanticVad {
                        eagerness: Eagerness::Auto,
                        create_response: true,
                        interrupt_response: true,
                    }),
                },
                output: SoundOut { format: Format::Pcm { rate: PcmRate }, voice: voice.to_owned(), speed: 1.0 },
            },
            tools: Vec::new(),
            tool_choice: ToolChoice::Auto,
            max_output_tokens: Limit::None(Infinite::Infinite),
            temperature: None,
            top_k: None,
            top_p: None,
            sottovoce: None,
            _tracing: Value::Null,
            _truncation: Value::Null,
            _include: Value::Null,
            _parallel_tool_calls: Value::Null,
        }
    }

    /// The settings with some of them changed, as clients name them.
    ///
    /// # Errors
    /// What is wrong with the change, in words.
    pub fn changed(&self, change: Value) -> Result<Self, String> {
        let mut settings = serde_json::to_value(self).map_err(|error| error.to_string())?;
        merge(&mut settings, change);
        let settings: Self = serde_path_to_error::deserialize(settings).map_err(|error| error.to_string())?;
        if settings.id != self.id || settings.model != self.model {
            return Err("id and model of a session stay as they are".to_owned());
        }
        if settings.output_modalities.len() != 1 {
            return Err("output_modalities is either [\"audio\"], which has a transcript, or [\"text\"]".to_owned());
        }
        settings.functions()?;
        settings.chat_options().check().map_err(|error| error.to_string())?;
        Ok(settings)
    }

    /// Answers no more turns.
    pub fn ignore_turns(&mut self) {
        match &mut self.audio.input.turn_detection {
            Some(
                TurnDetection::ServerVad { create_response, .. } | TurnDetection::SemanticVad { create_response, .. },
            ) => *create_response = false,
            None => {}
        }
    }

    /// Whether responses are spoken.
    pub fn speaks(&self) -> bool {
        self.output_modalities.contains(&Modality::Audio)
    }

    /// The functions that the model may call.
    ///
    /// # Errors
    /// They are not described as they should be.
    pub fn functions(&self) -> Result<Vec<Tool>, String> {
        if self.tool_choice == ToolChoice::None {
            return Ok(Vec::new());
        }
        // What chats have in an object of its own stands beside the type here.
        let in_chats = |tool: &Value| {
            let mut function = tool.clone();
            if let Some(members) = function.as_object_mut() {
                members.remove("type");
            }
            json!({ "type": tool["type"], "function": function })
        };
        Tool::list(self.tools.iter().map(in_chats).collect()).map_err(|error| error.to_string())
    }

    /// How responses are made.
    pub fn chat_options(&self) -> ChatOptions {
        ChatOptions {
            temperature: self.temperature.map(|temperature| temperature as f32),
            top_k: self.top_k,
            top_p: self.top_p.map(|share| share as f32),
            max_tokens: match self.max_output_tokens {
                Limit::Tokens(most) => Some(most),
                Limit::None(Infinite::Infinite) => None,
            },
            keep_state: false,
        }
    }
}

/// Changes members of objects within objects; what decides about turns and formats is replaced as a whole.
fn merge(settings: &mut Value, change: Value) {
    match (settings, change) {
        (Value::Object(settings), Value::Object(change)) => {
            for (name, value) in change {
                match settings.get_mut(&name) {
                    Some(old) if !["turn_detection", "format", "transcription"].contains(&name.as_str()) => {
                        merge(old, value);
                    }
                    _ => _ = settings.insert(name, value),
                }
            }
        }
        (settings, change) => *settings = change,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings::new("sess_1".to_owned(), "smollm2", "heart")
    }

    #[test]
    fn what_is_not_named_stays() {
        let change = json!({ "type": "realtime", "instructions": "Answer in rhymes.", "audio": { "input": {
            "turn_detection": { "type": "server_vad", "silence_duration_ms": 300 } } } });
        let changed = settings().changed(change).unwrap();
        assert_eq!(
            (changed.instructions.as_str(), changed.audio.output.voice.as_str()),
            ("Answer in rhymes.", "heart")
        );
        let detection = serde_json::to_value(changed.audio.input.turn_detection.as_ref().unwrap()).unwrap();
        assert_eq!(detection["prefix_padding_ms"], 300);
        assert_eq!(detection["silence_duration_ms"], 300);
        let manual = changed.changed(json!({ "audio": { "input": { "turn_detection": null } } })).unwrap();
        assert!(manual.audio.input.turn_detection.is_none());
    }

    #[test]
    fn what_cannot_be_is_said() {
        for (change, expected) in [
            (json!({ "audio": { "input": { "format": { "type": "audio/pcmu" } } } }), "audio/pcmu"),
            (json!({ "audio": { "input": { "format": { "type": "audio/pcm", "rate": 8000 } } } }), "8000 samples"),
            (json!({ "audio": { "input": { "noise_reduction": { "type": "near_field" } } } }), "noise_reduction"),
            (json!({ "output_modalities": ["text", "audio"] }), "either"),
            (json!({ "output_modalities": ["video"] }), "video"),
            (json!({ "model": "gpt-realtime" }), "stay as they are"),
            (json!({ "tools": [{ "type": "mcp" }] }), ""),
            (json!({ "prompt": { "id": "pmpt_1" } }), "prompt"),
            (json!({ "temperature": 9 }), "temperature is 9, expected a number from 0 to 5"),
            (json!({ "top_p": 0 }), "top_p"),
            (json!({ "max_output_tokens": 0 }), "1 or more"),
        ] {
            let error = settings().changed(change.clone()).unwrap_err();
            assert!(error.contains(expected), "{change}: {error}");
        }
    }

    #[test]
    fn sampling_is_the_models_own_until_somebody_chooses() {
        let options = settings().chat_options();
        assert_eq!((options.temperature, options.top_k, options.top_p, options.max_tokens), (None, None, None, None));
        let change = json!({ "temperature": 0.7, "top_k": 40, "top_p": 0.9, "max_output_tokens": 60 });
        let chosen = settings().changed(change).unwrap();
        let options = chosen.chat_options();
        let found = (options.temperature, options.top_k, options.top_p, options.max_tokens);
        assert_eq!(found, (Some(0.7), Some(40), Some(0.9), Some(60)));
        // A client reads what it wrote.
        assert_eq!(json!(chosen)["temperature"], 0.7);
        let back = chosen.changed(json!({ "temperature": null, "max_output_tokens": "inf" })).unwrap().chat_options();
        assert_eq!((back.temperature, back.top_k, back.max_tokens), (None, Some(40), None));
    }

    #[test]
    fn functions_are_read_as_in_responses() {
        let tool = json!({ "type": "function", "name": "weather", "description": "Tells the weather.",
            "parameters": { "type": "object", "properties": { "city": { "type": "string" } } } });
        let changed = settings().changed(json!({ "tools": [tool] })).unwrap();
        assert_eq!(changed.functions().unwrap()[0].name(), "weather");
    }
}
