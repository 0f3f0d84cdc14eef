//! `/v1/models`

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use crate::{engine::Engine, http::Failure};

pub async fn list(State(engine): State<Arc<Engine>>) -> Json<Value> {
    Json(json!({ "object": "list", "data": [describe(&engine)] }))
}

pub async fn retrieve(State(engine): State<Arc<Engine>>, Path(model): Path<String>) -> Result<Json<Value>, Failure> {
    if engine.is_called(&model) { Ok(Json(describe(&engine))) } else { Err(Failure::no_model(&model, engine.name())) }
}

fn describe(engine: &Engine) -> Value {
    json!({
        "id": engine.name(),
        "object": "model",
        // When the model was made is not known; clients want a number.
        "created": 0,
        "owned_by": "sottovoce",
        "context_window": engine.context(),
    })
}
