//! `/v1/chat/completions`

mod logprobs;
mod message;
mod request;

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sottovoce_llm::{
    generate::FinishReason,
    tools::{FunctionCall, ToolCall},
};

use super::{
    Head, Usage, finish_reason,
    parameters::Parameters,
    stream::{self, Gone, Pieces},
};
use crate::{
    engine::{Answering, Engine, Event},
    http::{Failure, Json, Loaded},
};
use logprobs::{entry, logprobs};
use request::ChatRequest;

pub async fn create(
    Loaded(engine): Loaded,
    Json(mut parameters, request): Json<Parameters, ChatRequest>,
) -> Result<Response, Failure> {
    parameters.check_model(&engine)?;
    let (streams, includes_usage) = (parameters.streams(), parameters.includes_usage());
    let worker = engine.clone();
    // Templates and grammars take their time.
    let job = tokio::task::spawn_blocking(move || request.job(&mut parameters, &worker));
    let job =
        job.await.map_err(|error| Failure::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    let answers = job.answers;
    let answering = engine.begin(job).await?;
    if streams {
        let head = Head::new("chatcmpl", "chat.completion.chunk", &engine);
        let chunks = Chunks { engine, head, includes_usage };
        return Ok(stream::response(|pieces| chunks.write(answering, pieces)));
    }
    Ok(axum::Json(collect(&engine, answering, answers).await?).into_response())
}

/// A whole response.
async fn collect(engine: &Engine, mut answering: Answering, answers: u64) -> Result<Value, Failure> {
    let mut choices: Vec<Choice> = (0..answers).map(|_| Choice::default()).collect();
    let mut usage = Usage::default();
    while let Some(event) = answering.next().await {
        match event {
            Event::Progress { answer, text, chance } => {
                let choice = &mut choices[answer as usize];
                choice.text.push_str(&text);
                choice.logprobs.extend(chance.map(|chance| entry(&chance, engine.tokenizer())));
            }
            Event::Finished { answer, reason, calls, stats } => {
                let choice = &mut choices[answer as usize];
                (choice.reason, choice.calls) = (Some(reason), calls);
                usage.add(&stats);
            }
            Event::Failed(error) => return Err(error.into()),
        }
    }
    let mut body = json!(Head::new("chatcmpl", "chat.completion", engine));
    body["choices"] = choices.into_iter().enumerate().map(|(index, choice)| choice.body(index)).collect();
    body["usage"] = json!(usage);
    Ok(body)
}

/// One answer.
#[derive(Default)]
struct Choice {
    text: String,
    calls: Vec<FunctionCall>,
    logprobs: Vec<Value>,
    reason: Option<FinishReason>,
}

impl Choice {
    fn body(self, index: usize) -> Value {
        let mut message = json!({ "role": "assistant", "content": self.text, "refusal": null });
        if !self.calls.is_empty() {
            if self.text.trim().is_empty() {
                message["content"] = Value::Null;
            }
            message["tool_calls"] = tool_calls(&self.calls).collect();
        }
        json!({
            "index": index,
            "message": message,
            "logprobs": logprobs(self.logprobs),
            "finish_reason": reason_with_calls(self.reason, &self.calls),
        })
    }
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
            let (answer, delta, entries, reason) = match event {
                Event::Progress { answer, text, chance } => {
                    let entries = chance.iter().map(|chance| entry(chance, self.engine.tokenizer()));
                    (answer, json!({ "content": text }), entries.collect(), None)
                }
                Event::Finished { answer, reason, calls, stats } => {
                    usage.add(&stats);
                    let mut delta = json!({});
                    if !calls.is_empty() {
                        delta["tool_calls"] = numbered(tool_calls(&calls));
                    }
                    (answer, delta, Vec::new(), reason_with_calls(Some(reason), &calls))
                }
                Event::Failed(error) => return pieces.fail(&error.into()).await,
            };
            if begun != Some(answer) {
                begun = Some(answer);
                let delta = json!({ "role": "assistant", "content": "", "refusal": null });
                pieces.write(self.chunk(answer, &delta, Vec::new(), None)).await?;
            }
            pieces.write(self.chunk(answer, &delta, entries, reason)).await?;
        }
        if self.includes_usage {
            let mut chunk = json!(self.head);
            chunk["choices"] = json!([]);
            chunk["usage"] = json!(usage);
            pieces.write(chunk).await?;
        }
        Ok(())
    }

    fn chunk(&self, answer: u64, delta: &Value, entries: Vec<Value>, reason: Option<&str>) -> Value {
        let mut chunk = json!(self.head);
        chunk["choices"] =
            json!([{ "index": answer, "delta": delta, "logprobs": logprobs(entries), "finish_reason": reason }]);
        if self.includes_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

fn reason_with_calls(reason: Option<FinishReason>, calls: &[FunctionCall]) -> Option<&'static str> {
    if calls.is_empty() { reason.map(finish_reason) } else { Some("tool_calls") }
}

/// Calls as OpenAI spells them: the arguments are a text of JSON.
fn tool_calls(calls: &[FunctionCall]) -> impl Iterator<Item = Value> {
    calls.iter().enumerate().map(|(number, call)| {
        json!({
            "id": ToolCall::new(number, call.clone()).id,
            "type": "function",
            "function": { "name": call.name, "arguments": call.arguments.to_string() },
        })
    })
}

/// The same with their numbers, as pieces have them.
fn numbered(calls: impl Iterator<Item = Value>) -> Value {
    let number = |(index, mut call): (usize, Value)| {
        call["index"] = json!(index);
        call
    };
    calls.enumerate().map(number).collect()
}
