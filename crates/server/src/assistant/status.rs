//! How the assistant is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Assistant;
use crate::{
    engine::{ModelStatus, Occupancy},
    http::Failure,
    voice::{Voice, VoiceStatus},
};

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ServerStatus {
    version: &'static str,
    model: ModelStatus,
    /// Answers that are made.
    running: usize,
    /// Answers that can be made at the same time; 0 where another server decides.
    parallel: usize,
    /// Requests that wait.
    waiting: usize,
    voice: VoiceStatus,
}

/// How far model and voice are, and how busy.
#[utoipa::path(get, path = "/api/status", tag = "Assistant", operation_id = "status",
    responses((status = 200, description = "How they are", body = ServerStatus), Failure))]
pub async fn status(State(assistant): State<Arc<Assistant>>, State(voice): State<Arc<Voice>>) -> Json<ServerStatus> {
    let backend = &assistant.backend;
    let Occupancy { running, seats: parallel, waiting, .. } =
        backend.chat().map_or_else(|_| Occupancy::default(), |chat| chat.occupancy());
    let (model, voice) = (backend.status(), voice.status());
    Json(ServerStatus { version: env!("CARGO_PKG_VERSION"), model, running, parallel, waiting, voice })
}
