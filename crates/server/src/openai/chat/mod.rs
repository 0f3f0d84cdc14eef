//! `/v1/chat/completions`

mod logprobs;
mod message;
mod object;
mod request;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};

use super::{
    Head, Usage,
    parameters::Parameters,
    stream::{self, Gone, Pieces},
};
use crate::{
    engine::{Answering, Engine, Event},
    http::{Failure, Json, Loaded},
};
use logprobs::LogProbs;
use object::{ChatChunk, ChatCompletion, ChunkChoice, Delta, Draft, reason_with_calls, tool_calls};
use request::ChatRequest;

pub use logprobs::LogProb;

/// What is sent.
type Body = Json<Parameters, ChatRequest>;

/// Answers a conversation, whole or in pieces.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "OpenAI", operation_id = "create_chat_completion",
    request_body = inline(Body),
    responses((status = 200, description = "The answers, whole or in pieces",
        content((ChatCompletion = "application/json"), (ChatChunk = "text/event-stream"))), Failure))]
pub async fn create(Loaded(engine): Loaded, Json(mut parameters, request): Body) -> Result<Response, Failure> {
    parameters.check_model(&engine)?;
    let (streams, includes_usage) = (parameters.streams(), parameters.includes_usage());
    let worker = engine.clone();
    // Templates and grammars take their time.
    let job = tokio::task::spawn_blocking(move || request.job(&mut parameters, &worker));
    let job = job.await.map_err(Failure::internal)??;
    let answers = job.answers;
    let answering = engine.begin(job).await?;
    if streams {
        let head = Head::new("chatcmpl", "chat.completion.chunk", &engine);
        let chunks = Chunks { engine, head, includes_usage };
        return Ok(stream::response(stream::DONE, |pieces| chunks.write(answering, pieces)));
    }
    Ok(axum::Json(collect(&engine, answering, answers).await?).into_response())
}

/// A whole response.
async fn collect(engine: &Engine, mut answering: Answering, answers: u64) -> Result<ChatCompletion, Failure> {
    let mut drafts: Vec<Draft> = (0..answers).map(|_| Draft::default()).collect();
    let mut usage = Usage::default();
    while let Some(event) = answering.next().await {
        match event {
            Event::Progress { answer, text, chance } => {
                let draft = &mut drafts[answer as usize];
                draft.text.push_str(&text);
                draft.logprobs.extend(chance.map(|chance| LogProb::new(&chance, engine.tokenizer())));
            }
            Event::Finished { answer, reason, calls, stats } => {
                let draft = &mut drafts[answer as usize];
                (draft.reason, draft.calls) = (Some(reason), calls);
                usage.add(&stats);
            }
            Event::Failed(error) => return Err(error.into()),
        }
    }
    let choices = drafts.into_iter().enumerate().map(|(index, draft)| draft.choice(index)).collect();
    Ok(ChatCompletion { head: Head::new("chatcmpl", "chat.completion", engine), choices, usage })
}

/// A response in pieces.
struct Chunks {
    engine: Arc<Engine>,
    head: Head,
    includes_usage: bool,
}

impl Chunks {
    async fn write(self, mut answering: Answering, pieces: Pieces) -> Result<(), Gone> {
        let mut usage = Usage::default();
        let mut begun = None;
        while let Some(event) = answering.next().await {
            let choice = match event {
                Event::Progress { answer, text, chance } => {
                    let logprobs = chance.iter().map(|chance| LogProb::new(chance, self.engine.tokenizer())).collect();
                    let delta = Delta { content: Some(text), ..Delta::default() };
                    ChunkChoice { index: answer, delta, logprobs: LogProbs::new(logprobs), finish_reason: None }
                }
                Event::Finished { answer, reason, calls, stats } => {
                    usage.add(&stats);
                    let delta = Delta { tool_calls: tool_calls(&calls, true), ..Delta::default() };
                    let finish_reason = reason_with_calls(Some(reason), &calls);
                    ChunkChoice { index: answer, delta, logprobs: None, finish_reason }
                }
                Event::Failed(error) => return pieces.fail(&error.into()).await,
            };
            if begun != Some(choice.index) {
                begun = Some(choice.index);
                let delta = Delta { role: Some("assistant"), content: Some(String::new()), ..Delta::default() };
                let first = ChunkChoice { index: choice.index, delta, logprobs: None, finish_reason: None };
                pieces.write(&self.chunk(vec![first], None)).await?;
            }
            pieces.write(&self.chunk(vec![choice], None)).await?;
        }
        if self.includes_usage {
            pieces.write(&self.chunk(Vec::new(), Some(usage))).await?;
        }
        Ok(())
    }

    fn chunk(&self, choices: Vec<ChunkChoice>, usage: Option<Usage>) -> ChatChunk {
        ChatChunk { head: self.head.clone(), choices, usage: self.includes_usage.then_some(usage) }
    }
}
