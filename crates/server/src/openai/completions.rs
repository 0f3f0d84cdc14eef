//! `/v1/completions`: texts that go on.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sottovoce_llm::{LlmError, generate::FinishReason};

use super::{
    Head, Usage, finish_reason, in_json,
    parameters::{MOST_ALTERNATIVES, Parameters},
    spelling,
    stream::{self, Gone, Pieces},
};
use crate::{
    engine::{Answering, Engine, Event, Job, TokenChance},
    http::{Failure, Json, Loaded},
};

/// Most prompts of a request.
const MOST_PROMPTS: usize = 64;

/// Members of a request besides those that chats have too.
#[derive(Debug, Deserialize)]
pub struct CompletionRequest {
    prompt: Prompts,
    logprobs: Option<usize>,
    #[serde(default)]
    echo: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Prompts {
    Text(String),
    Tokens(Vec<u32>),
    Texts(Vec<String>),
    TokenLists(Vec<Vec<u32>>),
}

/// A prompt in both forms.
struct Prompt {
    tokens: Vec<u32>,
    /// What is repeated before the answer.
    echo: String,
}

pub async fn create(
    Loaded(engine): Loaded,
    Json(parameters, request): Json<Parameters, CompletionRequest>,
) -> Result<Response, Failure> {
    parameters.check_model(&engine)?;
    if let Some(count) = request.logprobs.filter(|&count| count > MOST_ALTERNATIVES) {
        return Err(Failure::invalid("logprobs", format!("logprobs is {count}, expected 0 to {MOST_ALTERNATIVES}")));
    }
    let prompts = request.prompts(&engine)?;
    let mut options = parameters.options(&engine, request.logprobs)?;
    options.continue_text = true;
    options.max_tokens = Some(options.max_tokens.unwrap_or(DEFAULT_TOKENS));
    let answers = parameters.answers()?;
    let mut answerings = Vec::new();
    for Prompt { tokens, echo } in prompts {
        let job = Job { prompt: tokens, options: options.clone(), answers, toolbox: None };
        // Answers go on while the next prompt waits for its place.
        answerings.push((engine.begin(job).await?, echo));
    }
    let head = Head::new("cmpl", "text_completion", &engine);
    let completion = Completion { engine, head, answers, includes_usage: parameters.includes_usage() };
    if parameters.streams() {
        return Ok(stream::response(|pieces| completion.write(answerings, pieces)));
    }
    Ok(axum::Json(completion.collect(answerings).await?).into_response())
}

/// Tokens of an answer if the request does not say, as in OpenAI's interface.
const DEFAULT_TOKENS: usize = 16;

impl CompletionRequest {
    fn prompts(&self, engine: &Engine) -> Result<Vec<Prompt>, Failure> {
        let tokenizer = engine.tokenizer();
        let text = |text: &String| -> Result<Prompt, LlmError> {
            let echo = if self.echo { text.clone() } else { String::new() };
            Ok(Prompt { tokens: tokenizer.encode(text, true)?, echo })
        };
        let tokens = |tokens: &Vec<u32>| {
            let echo = if self.echo { tokenizer.decode(tokens) } else { String::new() };
            Prompt { tokens: tokens.clone(), echo }
        };
        let prompts: Vec<Prompt> = match &self.prompt {
            Prompts::Text(one) => vec![text(one)?],
            Prompts::Tokens(one) => vec![tokens(one)],
            Prompts::Texts(several) => several.iter().map(text).collect::<Result<_, _>>()?,
            Prompts::TokenLists(several) => several.iter().map(tokens).collect(),
        };
        match prompts.len() {
            1..=MOST_PROMPTS => Ok(prompts),
            count => Err(Failure::invalid("prompt", format!("{count} prompts, expected 1 to {MOST_PROMPTS}"))),
        }
    }
}

/// A response in the making.
struct Completion {
    engine: Arc<Engine>,
    head: Head,
    answers: u64,
    includes_usage: bool,
}

impl Completion {
    /// A whole response.
    async fn collect(self, answerings: Vec<(Answering, String)>) -> Result<Value, Failure> {
        let (mut choices, mut usage) = (Vec::new(), Usage::default());
        for (mut answering, echo) in answerings {
            let first = choices.len();
            choices.extend((0..self.answers).map(|_| Choice { text: echo.clone(), ..Choice::default() }));
            let mut of_prompt = Usage::default();
            while let Some(event) = answering.next().await {
                match event {
                    Event::Progress { answer, text, chance } => {
                        let choice = &mut choices[first + answer as usize];
                        choice.chances.extend(chance.map(|chance| (choice.text.len(), chance)));
                        choice.text.push_str(&text);
                    }
                    Event::Finished { answer, reason, stats, .. } => {
                        choices[first + answer as usize].reason = Some(reason);
                        of_prompt.add(&stats);
                    }
                    Event::Failed(error) => return Err(error.into()),
                }
            }
            usage.add_prompt(&of_prompt);
        }
        let mut body = json!(self.head);
        body["choices"] =
            choices.into_iter().enumerate().map(|(index, choice)| choice.body(index, &self.engine)).collect();
        body["usage"] = json!(usage);
        Ok(body)
    }

    /// A response in pieces.
    async fn write(self, answerings: Vec<(Answering, String)>, pieces: Pieces) -> Result<(), Gone> {
        let mut usage = Usage::default();
        for (number, (mut answering, echo)) in answerings.into_iter().enumerate() {
            let mut of_prompt = Usage::default();
            let mut echoed = None;
            while let Some(event) = answering.next().await {
                let (answer, mut choice) = match event {
                    Event::Progress { answer, text, chance } => {
                        let chances = chance.into_iter().map(|chance| (0, chance)).collect();
                        (answer, Choice { text, chances, reason: None })
                    }
                    Event::Finished { answer, reason, stats, .. } => {
                        of_prompt.add(&stats);
                        (answer, Choice { reason: Some(reason), ..Choice::default() })
                    }
                    Event::Failed(error) => return pieces.fail(&error.into()).await,
                };
                if echoed != Some(answer) {
                    echoed = Some(answer);
                    choice.text.insert_str(0, &echo);
                }
                let index = number * self.answers as usize + answer as usize;
                pieces.write(self.chunk(json!([choice.body(index, &self.engine)]), Value::Null)).await?;
            }
            usage.add_prompt(&of_prompt);
        }
        if self.includes_usage {
            pieces.write(self.chunk(json!([]), json!(usage))).await?;
        }
        Ok(())
    }

    fn chunk(&self, choices: Value, usage: Value) -> Value {
        let mut chunk = json!(self.head);
        chunk["choices"] = choices;
        if self.includes_usage {
            chunk["usage"] = usage;
        }
        chunk
    }
}

/// One answer, or a piece of it.
#[derive(Default)]
struct Choice {
    text: String,
    /// Chances of its tokens, with the length of the text before each.
    chances: Vec<(usize, TokenChance)>,
    reason: Option<FinishReason>,
}

impl Choice {
    fn body(self, index: usize, engine: &Engine) -> Value {
        let logprobs = if self.chances.is_empty() { Value::Null } else { logprobs(&self.chances, engine) };
        let reason = self.reason.map(finish_reason);
        json!({ "index": index, "text": self.text, "logprobs": logprobs, "finish_reason": reason })
    }
}

/// Chances in the four lists of this older interface.
fn logprobs(chances: &[(usize, TokenChance)], engine: &Engine) -> Value {
    let tokenizer = engine.tokenizer();
    let spell = |id: u32| String::from_utf8_lossy(&spelling(tokenizer, id)).into_owned();
    let top = |chance: &TokenChance| {
        let entries = chance.alternatives.iter().map(|&(id, ln_p)| (spell(id), json!(in_json(ln_p))));
        Value::Object(entries.collect::<Map<_, _>>())
    };
    json!({
        "tokens": chances.iter().map(|(_, chance)| spell(chance.id)).collect::<Vec<_>>(),
        "token_logprobs": chances.iter().map(|(_, chance)| in_json(chance.log_probability)).collect::<Vec<_>>(),
        "top_logprobs": chances.iter().map(|(_, chance)| top(chance)).collect::<Vec<_>>(),
        "text_offset": chances.iter().map(|(offset, _)| offset).collect::<Vec<_>>(),
    })
}
