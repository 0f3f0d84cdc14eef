//! How the assistant is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::Assistant;
use crate::{engine::Occupancy, voice::Voice};

/// `GET /api/status`
pub async fn status(State(assistant): State<Arc<Assistant>>, State(voice): State<Arc<Voice>>) -> Json<Value> {
    let backend = &assistant.backend;
    let occupancy = backend.chat().map_or_else(|_| Occupancy::default(), |chat| chat.occupancy());
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": backend.status(),
        "running": occupancy.running,
        "parallel": occupancy.seats,
        "waiting": occupancy.waiting,
        "voice": voice.status(),
    }))
}
