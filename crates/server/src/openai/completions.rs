//! `/v1/completions`: texts that go on.

use std::{collections::BTreeMap, sync::Arc};

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sottovoce_llm::{LlmError, generate::FinishReason};
use utoipa::ToSchema;

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
#[derive(Debug, Deserialize, ToSchema)]
pub struct CompletionRequest {
    prompt: Prompts,
    logprobs: Option<usize>,
    #[serde(default)]
    echo: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
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

/// What is sent.
type Body = Json<Parameters, CompletionRequest>;

/// Continues texts, whole or in pieces.
#[utoipa::path(post, path = "/v1/completions", tag = "OpenAI", operation_id = "create_completion",
    request_body = inline(Body),
    responses((status = 200, description = "The texts, whole or in pieces",
        content((TextCompletion = "application/json"), (TextCompletion = "text/event-stream"))),
        Failure))]
pub async fn create(Loaded(engine): Loaded, Json(parameters, request): Body) -> Result<Response, Failure> {
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
    for Prompt { tokens, .. } in &prompts {
        engine.check_length(tokens).map_err(|error| Failure::from(error).renamed(&[("messages", "prompt")]))?;
    }
    for Prompt { tokens, echo } in prompts {
        let job = Job { prompt: tokens, options: options.clone(), answers, toolbox: None };
        // Answers go on while the next prompt waits for its place.
        answerings.push((engine.begin(job).await?, echo));
    }
    let head = Head::new("cmpl", "text_completion", &engine);
    let completion = Completion { engine, head, answers, includes_usage: parameters.includes_usage() };
    if parameters.streams() {
        return Ok(stream::response(stream::DONE, |pieces| completion.write(answerings, pieces)));
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
    async fn collect(self, answerings: Vec<(Answering, String)>) -> Result<TextCompletion, Failure> {
        let (mut drafts, mut usage) = (Vec::new(), Usage::default());
        for (mut answering, echo) in answerings {
            let first = drafts.len();
            drafts.extend((0..self.answers).map(|_| Draft { text: echo.clone(), ..Draft::default() }));
            let mut of_prompt = Usage::default();
            while let Some(event) = answering.next().await {
                match event {
                    Event::Progress { answer, text, chance } => {
                        let draft = &mut drafts[first + answer as usize];
                        draft.chances.extend(chance.map(|chance| (draft.text.len(), chance)));
                        draft.text.push_str(&text);
                    }
                    Event::Finished { answer, reason, stats, .. } => {
                        drafts[first + answer as usize].reason = Some(reason);
                        of_prompt.add(&stats);
                    }
                    Event::Failed(error) => return Err(error.into()),
                }
            }
            usage.add_prompt(&of_prompt);
        }
        let choices = drafts.into_iter().enumerate().map(|(index, draft)| draft.choice(index, &self.engine)).collect();
        Ok(TextCompletion { head: self.head, choices, usage: Some(Some(usage)) })
    }

    /// A response in pieces.
    async fn write(self, answerings: Vec<(Answering, String)>, pieces: Pieces) -> Result<(), Gone> {
        let mut usage = Usage::default();
        for (number, (mut answering, echo)) in answerings.into_iter().enumerate() {
            let mut of_prompt = Usage::default();
            let mut echoed = None;
            while let Some(event) = answering.next().await {
                let (answer, mut draft) = match event {
                    Event::Progress { answer, text, chance } => {
                        let chances = chance.into_iter().map(|chance| (0, chance)).collect();
                        (answer, Draft { text, chances, reason: None })
                    }
                    Event::Finished { answer, reason, stats, .. } => {
                        of_prompt.add(&stats);
                        (answer, Draft { reason: Some(reason), ..Draft::default() })
                    }
                    Event::Failed(error) => return pieces.fail(&error.into()).await,
                };
                if echoed != Some(answer) {
                    echoed = Some(answer);
                    draft.text.insert_str(0, &echo);
                }
                let index = number * self.answers as usize + answer as usize;
                pieces.write(&self.chunk(vec![draft.choice(index, &self.engine)], None)).await?;
            }
            usage.add_prompt(&of_prompt);
        }
        if self.includes_usage {
            pieces.write(&self.chunk(Vec::new(), Some(usage))).await?;
        }
        Ok(())
    }

    fn chunk(&self, choices: Vec<TextChoice>, usage: Option<Usage>) -> TextCompletion {
        TextCompletion { head: self.head.clone(), choices, usage: self.includes_usage.then_some(usage) }
    }
}

/// A response, or a piece of one.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextCompletion {
    #[serde(flatten)]
    head: Head,
    choices: Vec<TextChoice>,
    /// Of pieces, in the last, if it was asked for; `null` in the others then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Usage>)]
    usage: Option<Option<Usage>>,
}

/// One of the texts, or a piece of it.
#[derive(Debug, Serialize, ToSchema)]
struct TextChoice {
    index: usize,
    text: String,
    logprobs: Option<TextLogProbs>,
    finish_reason: Option<&'static str>,
}

/// Chances of tokens in the four lists of this older interface.
#[derive(Debug, Serialize, ToSchema)]
struct TextLogProbs {
    tokens: Vec<String>,
    token_logprobs: Vec<f64>,
    top_logprobs: Vec<BTreeMap<String, f64>>,
    text_offset: Vec<usize>,
}

/// One answer, or a piece of it.
#[derive(Default)]
struct Draft {
    text: String,
    /// Chances of its tokens, with the length of the text before each.
    chances: Vec<(usize, TokenChance)>,
    reason: Option<FinishReason>,
}

impl Draft {
    fn choice(self, index: usize, engine: &Engine) -> TextChoice {
        let logprobs = (!self.chances.is_empty()).then(|| TextLogProbs::new(&self.chances, engine));
        TextChoice { index, text: self.text, logprobs, finish_reason: self.reason.map(finish_reason) }
    }
}

impl TextLogProbs {
    fn new(chances: &[(usize, TokenChance)], engine: &Engine) -> Self {
        let tokenizer = engine.tokenizer();
        let spell = |id: u32| String::from_utf8_lossy(&spelling(tokenizer, id)).into_owned();
        let top = |chance: &TokenChance| {
            chance.alternatives.iter().map(|&(id, ln_p)| (spell(id), in_json(ln_p))).collect::<BTreeMap<_, _>>()
        };
        Self {
            tokens: chances.iter().map(|(_, chance)| spell(chance.id)).collect(),
            token_logprobs: chances.iter().map(|(_, chance)| in_json(chance.log_probability)).collect(),
            top_logprobs: chances.iter().map(|(_, chance)| top(chance)).collect(),
            text_offset: chances.iter().map(|(offset, _)| *offset).collect(),
        }
    }
}
