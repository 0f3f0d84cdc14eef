//! What a chat asks for.

use serde::Deserialize;
use serde_json::Value;
use sottovoce_llm::{constrain::Grammar, tools::Tool};
use utoipa::ToSchema;

use super::message::{WireMessage, conversation};
use crate::{
    engine::{Engine, Job},
    http::Failure,
    openai::{
        parameters::{MOST_ALTERNATIVES, Parameters},
        tool_choice::{Offer, constraint},
    },
};

/// Members of a request besides those that completions have too.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChatRequest {
    messages: Vec<WireMessage>,
    max_completion_tokens: Option<usize>,
    #[serde(default)]
    logprobs: Option<bool>,
    top_logprobs: Option<usize>,
    response_format: Option<ResponseFormat>,
    #[schema(value_type = Option<Vec<Object>>)]
    tools: Option<Value>,
    tool_choice: Option<Value>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat {
    Text,
    JsonObject,
    JsonSchema { json_schema: NamedSchema },
}

#[derive(Debug, Deserialize, ToSchema)]
struct NamedSchema {
    #[schema(value_type = Object)]
    schema: Value,
}

impl ChatRequest {
    /// The job of the engine that answers it.
    pub fn job(self, parameters: &mut Parameters, engine: &Engine) -> Result<Job, Failure> {
        parameters.set_max_tokens(self.max_completion_tokens);
        let log_probabilities = self.log_probabilities()?;
        let tools = self.tools.map(Tool::list).transpose()?.unwrap_or_default();
        let offer = Offer::new(tools, self.tool_choice.as_ref())?;
        let messages = conversation(self.messages)?;
        let (prompt, toolbox) = engine.encode_chat(&messages, offer.tools)?;
        engine.check_length(&prompt)?;
        let grammar = match self.response_format {
            None | Some(ResponseFormat::Text) => None,
            Some(ResponseFormat::JsonObject) => Some(Grammar::JsonObject),
            Some(ResponseFormat::JsonSchema { json_schema }) => Some(Grammar::JsonSchema(json_schema.schema)),
        };
        let mut options = parameters.options(engine, log_probabilities)?;
        options.constraint = constraint(offer.forced, toolbox.as_ref(), grammar, engine)?;
        options.spelled_tokens = toolbox.as_ref().map(|tools| tools.control_tokens().to_vec()).unwrap_or_default();
        Ok(Job { prompt, options, answers: parameters.answers()?, toolbox })
    }

    fn log_probabilities(&self) -> Result<Option<usize>, Failure> {
        match (self.logprobs.unwrap_or(false), self.top_logprobs) {
            (false, None) => Ok(None),
            (false, Some(_)) => Err(Failure::invalid("top_logprobs", "top_logprobs needs logprobs to be true")),
            (true, count) => match count.unwrap_or(0) {
                count @ 0..=MOST_ALTERNATIVES => Ok(Some(count)),
                count => Err(Failure::invalid(
                    "top_logprobs",
                    format!("top_logprobs is {count}, expected 0 to {MOST_ALTERNATIVES}"),
                )),
            },
        }
    }
}
