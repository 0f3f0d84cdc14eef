//! How the assistant is.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Value, json};

use super::Assistant;
use crate::engine::Occupancy;

/// `GET /api/status`
pub async fn status(State(assistant): State<Arc<Assistant>>) -> Json<Value> {
    let backend = &assistant.backend;
    let occupancy = backend.chat().map_or_else(|_| Occupancy::default(), |chat| chat.occupancy());
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": backend.status(),
        "running": occupancy.running,
        "parallel": occupancy.seats,
        "waiting": occupancy.waiting,
        "voice": { "state": "missing", "reason": "this server was started without speech", "voices": [] },
    }))
}
