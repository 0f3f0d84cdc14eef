//! What a request for a response asks for.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use sottovoce_llm::{
    chat::{Message, Role},
    constrain::Grammar,
    tools::{Tool, Toolbox},
};
use utoipa::ToSchema;

use super::{
    Store,
    assembly::Assembly,
    input::Input,
    new_id,
    object::{FunctionTool, Response, Status, Truncation},
};
use crate::{
    engine::{Engine, Job},
    http::Failure,
    openai::{
        now,
        parameters::{MOST_ALTERNATIVES, Parameters},
        tool_choice::{Offer, constraint},
    },
};

/// Members of a request besides those that chats have too.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResponseRequest {
    input: Input,
    instructions: Option<String>,
    previous_response_id: Option<String>,
    store: Option<bool>,
    include: Option<Vec<String>>,
    max_output_tokens: Option<usize>,
    text: Option<TextOptions>,
    tools: Option<Vec<FunctionTool>>,
    tool_choice: Option<Value>,
    truncation: Option<Truncation>,
    top_logprobs: Option<usize>,
    metadata: Option<BTreeMap<String, String>>,
    background: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct TextOptions {
    format: Option<TextFormat>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TextFormat {
    Text,
    JsonObject,
    JsonSchema {
        name: String,
        #[schema(value_type = Object)]
        schema: Value,
        strict: Option<bool>,
    },
}

/// What can be told besides the answer.
const LOG_PROBABILITIES: &str = "message.output_text.logprobs";

impl ResponseRequest {
    /// The job of the engine that answers it, and what its events become.
    pub fn job(
        mut self,
        parameters: &mut Parameters,
        store: &Store,
        engine: &Engine,
    ) -> Result<(Job, Assembly), Failure> {
        self.refuse_what_is_not_supported(parameters)?;
        parameters.set_max_tokens(self.max_output_tokens);
        let log_probabilities = self.log_probabilities()?;
        let tools = self.tools.take().unwrap_or_default();
        let offer = Offer::new(offered(&tools)?, self.tool_choice.as_ref())?;
        let conversation = self.conversation(store)?;
        let room = self.max_output_tokens.unwrap_or(usize::MAX).min(engine.context() / 8);
        let prompt = Prompt {
            instructions: self.instructions.as_deref(),
            conversation: &conversation,
            tools: offer.tools,
            truncation: self.truncation.unwrap_or_default(),
        };
        let (tokens, toolbox) = prompt.encode(room, engine)?;
        let mut options = parameters.options(engine, log_probabilities)?;
        let format = self.text.as_ref().and_then(|text| text.format.as_ref());
        options.constraint = constraint(offer.forced, toolbox.as_ref(), format.and_then(TextFormat::grammar), engine)?;
        options.spelled_tokens = toolbox.as_ref().map(|tools| tools.control_tokens().to_vec()).unwrap_or_default();
        let response = Response {
            id: new_id("resp"),
            object: "response",
            created_at: now(),
            completed_at: None,
            status: Status::InProgress,
            error: None,
            incomplete_details: None,
            max_output_tokens: options.max_tokens,
            model: engine.name().to_owned(),
            output: Vec::new(),
            parallel_tool_calls: true,
            store: self.store != Some(false),
            temperature: options.sampling.temperature,
            text: json!({ "format": format.map_or(json!({ "type": "text" }), TextFormat::body) }),
            tool_choice: self.tool_choice.unwrap_or_else(|| json!("auto")),
            tools,
            top_logprobs: log_probabilities.unwrap_or(0),
            top_p: options.sampling.top_p.unwrap_or(1.0),
            truncation: self.truncation.unwrap_or_default(),
            usage: None,
            metadata: self.metadata.unwrap_or_default(),
            instructions: self.instructions,
            previous_response_id: self.previous_response_id,
        };
        Ok((Job { prompt: tokens, options, answers: 1, toolbox }, Assembly::new(response, conversation)))
    }

    fn refuse_what_is_not_supported(&self, parameters: &Parameters) -> Result<(), Failure> {
        if parameters.answers()? != 1 {
            return Err(Failure::invalid("n", "a response has one answer; leave n out"));
        }
        if self.background == Some(true) {
            return Err(Failure::invalid(
                "background",
                "responses are not made in the background here; stream instead",
            ));
        }
        Ok(())
    }

    fn log_probabilities(&self) -> Result<Option<usize>, Failure> {
        let include = self.include.as_deref().unwrap_or_default();
        if let Some(other) = include.iter().find(|&name| name != LOG_PROBABILITIES) {
            return Err(Failure::invalid(
                "include",
                format!("{other:?} cannot be included, expected {LOG_PROBABILITIES:?}"),
            ));
        }
        match self.top_logprobs {
            Some(count) if count > MOST_ALTERNATIVES => Err(Failure::invalid(
                "top_logprobs",
                format!("top_logprobs is {count}, expected 0 to {MOST_ALTERNATIVES}"),
            )),
            None if include.is_empty() => Ok(None),
            count => Ok(Some(count.unwrap_or(0))),
        }
    }

    /// The earlier conversation, if it goes on from one, and what the request adds to it.
    fn conversation(&mut self, store: &Store) -> Result<Vec<Message>, Failure> {
        let mut conversation = match &self.previous_response_id {
            None => Vec::new(),
            Some(id) => match store.get(id) {
                Some(stored) => stored.conversation.clone(),
                None => return Err(Failure::no_previous_response(id)),
            },
        };
        let before = conversation.len();
        std::mem::replace(&mut self.input, Input::Text(String::new())).add_to(&mut conversation)?;
        if conversation.len() == before {
            return Err(Failure::invalid("input", "there is nothing to answer"));
        }
        Ok(conversation)
    }
}

impl TextFormat {
    fn grammar(&self) -> Option<Grammar> {
        match self {
            Self::Text => None,
            Self::JsonObject => Some(Grammar::JsonObject),
            Self::JsonSchema { schema, .. } => Some(Grammar::JsonSchema(schema.clone())),
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::Text => json!({ "type": "text" }),
            Self::JsonObject => json!({ "type": "json_object" }),
            Self::JsonSchema { name, schema, strict } => {
                json!({ "type": "json_schema", "name": name, "schema": schema, "strict": strict.unwrap_or(true) })
            }
        }
    }
}

/// The functions among `tools`, which all have to be.
fn offered(tools: &[FunctionTool]) -> Result<Vec<Tool>, Failure> {
    let functions = tools.iter().enumerate().map(|(number, tool)| match tool.kind.as_str() {
        "function" => Ok(json!({ "name": tool.name, "description": tool.description, "parameters": tool.parameters })),
        other => Err(Failure::invalid(
            format!("tools[{number}].type"),
            format!("a tool of type {other:?}; this server only knows functions"),
        )),
    });
    Ok(Tool::list(functions.collect::<Result<Value, _>>()?)?)
}

/// What the model is to read.
struct Prompt<'r> {
    instructions: Option<&'r str>,
    conversation: &'r [Message],
    tools: Vec<Tool>,
    truncation: Truncation,
}

impl Prompt<'_> {
    /// Its tokens, and the tools that are offered in it. If it may be cut, the oldest turns are left out until it fits with
    /// room for as many tokens of an answer.
    fn encode(self, room: usize, engine: &Engine) -> Result<(Vec<u32>, Option<Toolbox>), Failure> {
        let context = engine.context();
        let mut prompt = self.encode_from(0, engine)?;
        if self.truncation == Truncation::Auto && prompt.0.len() + room > context {
            // A turn begins with a question.
            let is_question = |&at: &usize| self.conversation[at].role == Role::User;
            let turns: Vec<usize> = (0..self.conversation.len()).filter(is_question).collect();
            let (mut fewest, mut most) = (1, turns.len().saturating_sub(1));
            while fewest < most {
                let dropped = (fewest + most) / 2;
                let fits = self.encode_from(turns[dropped], engine)?.0.len() + room <= context;
                (fewest, most) = if fits { (fewest, dropped) } else { (dropped + 1, most) };
            }
            if let Some(&start) = turns.get(most) {
                prompt = self.encode_from(start, engine)?;
            }
        }
        // The last turn alone needs no more room than there is.
        engine.check_length(&prompt.0)?;
        Ok(prompt)
    }

    /// What is said before the first question stays.
    fn encode_from(&self, start: usize, engine: &Engine) -> Result<(Vec<u32>, Option<Toolbox>), Failure> {
        let instructions = self.instructions.map(Message::system);
        let said = self.conversation[..start].iter().filter(|message| message.role == Role::System);
        let rest = &self.conversation[start..];
        let messages: Vec<Message> =
            instructions.into_iter().chain(said.cloned()).chain(rest.iter().cloned()).collect();
        Ok(engine.encode_chat(&messages, self.tools.clone())?)
    }
}
