//! `/v1/responses`

mod assembly;
mod events;
mod input;
mod object;
mod request;
mod store;

use std::sync::Arc;

use axum::{
    Extension,
    extract::Path,
    response::{IntoResponse, Response as HttpResponse},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    chat::LogProb,
    parameters::Parameters,
    stream::{self, Gone, Pieces},
};
use crate::{
    engine::{Answering, Engine, Event},
    http::{Failure, Json, Loaded},
};
use assembly::Assembly;
use events::{EventKind, StreamEvent};
use object::Response;
use request::ResponseRequest;
use store::Stored;

pub use store::Store;

/// What is sent.
type Body = Json<Parameters, ResponseRequest>;

/// Answers what comes to a conversation, whole or in events.
#[utoipa::path(post, path = "/v1/responses", tag = "OpenAI", operation_id = "create_response",
    request_body = inline(Body),
    responses((status = 200, description = "The response, whole or in events",
        content((Response = "application/json"), (StreamEvent = "text/event-stream"))), Failure))]
pub async fn create(
    Loaded(engine): Loaded,
    Extension(store): Extension<Arc<Store>>,
    Json(mut parameters, request): Body,
) -> Result<HttpResponse, Failure> {
    parameters.check_model(&engine)?;
    let streams = parameters.streams();
    let worker = (engine.clone(), store.clone());
    // Templates and grammars take their time.
    let job = tokio::task::spawn_blocking(move || request.job(&mut parameters, &worker.1, &worker.0));
    let job = job.await.map_err(Failure::internal)?;
    let (job, assembly) = job.map_err(|failure| failure.renamed(&PARAMETERS))?;
    let answering = engine.begin(job).await?;
    let making = Making { engine, store, assembly };
    if streams {
        return Ok(stream::response(None, |pieces| making.write(answering, pieces)));
    }
    Ok(axum::Json(making.collect(answering).await?).into_response())
}

/// What chats call it, and what it is called here.
const PARAMETERS: [(&str, &str); 2] = [("messages", "input"), ("response_format", "text.format")];

/// A recent response.
#[utoipa::path(get, path = "/v1/responses/{id}", tag = "OpenAI", operation_id = "retrieve_response",
    params(("id" = String, Path)), responses((status = 200, description = "The response", body = Response), Failure))]
pub async fn retrieve(
    Extension(store): Extension<Arc<Store>>,
    Path(id): Path<String>,
) -> Result<axum::Json<Response>, Failure> {
    let stored = store.get(&id).ok_or_else(|| no_response(&id))?;
    Ok(axum::Json(stored.response.clone()))
}

/// Forgets a response.
#[utoipa::path(delete, path = "/v1/responses/{id}", tag = "OpenAI", operation_id = "delete_response",
    params(("id" = String, Path)), responses((status = 200, description = "It is gone", body = Deleted), Failure))]
pub async fn delete(
    Extension(store): Extension<Arc<Store>>,
    Path(id): Path<String>,
) -> Result<axum::Json<Deleted>, Failure> {
    match store.delete(&id) {
        true => Ok(axum::Json(Deleted { id, object: "response", deleted: true })),
        false => Err(no_response(&id)),
    }
}

/// That a response is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    id: String,
    object: &'static str,
    deleted: bool,
}

fn no_response(id: &str) -> Failure {
    Failure::not_found(format!("there is no response {id:?}; recent ones are kept, unless they were not to be stored"))
}

/// An id that nobody guesses.
fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}

/// A response in the making.
struct Making {
    engine: Arc<Engine>,
    store: Arc<Store>,
    assembly: Assembly,
}

impl Making {
    /// A whole response.
    async fn collect(mut self, mut answering: Answering) -> Result<Response, Failure> {
        while let Some(event) = answering.next().await {
            if let Event::Failed(error) = event {
                return Err(Failure::from(error).renamed(&PARAMETERS));
            }
            self.take(event);
        }
        Ok(self.assembly.response)
    }

    /// A response in pieces.
    async fn write(mut self, mut answering: Answering, pieces: Pieces) -> Result<(), Gone> {
        let mut sequence_number = 0;
        let mut events = self.assembly.begin().to_vec();
        loop {
            for kind in events {
                let name = kind.name();
                pieces.write_event(name, &StreamEvent { sequence_number, kind }).await?;
                sequence_number += 1;
            }
            let Some(event) = answering.next().await else { return Ok(()) };
            events = self.take(event);
        }
    }

    fn take(&mut self, event: Event) -> Vec<EventKind> {
        match event {
            Event::Progress { text, chance, .. } => {
                let logprobs = chance.iter().map(|chance| LogProb::new(chance, self.engine.tokenizer())).collect();
                self.assembly.push(&text, logprobs)
            }
            Event::Finished { reason, calls, stats, .. } => {
                let events = self.assembly.finish(reason, calls, stats);
                // Before the client hears of its end, and asks to go on.
                if self.assembly.response.store {
                    let Assembly { response, conversation, .. } = &self.assembly;
                    self.store.keep(Stored { response: response.clone(), conversation: conversation.clone() });
                }
                events
            }
            Event::Failed(error) => vec![self.assembly.fail(error.to_string())],
        }
    }
}
