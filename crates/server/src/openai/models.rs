//! `/v1/models`

use axum::{Json, extract::Path};
use serde_json::{Value, json};

use crate::{
    engine::Engine,
    http::{Failure, Loaded},
};

pub async fn list(Loaded(engine): Loaded) -> Json<Value> {
    Json(json!({ "object": "list", "data": [describe(&engine)] }))
}

pub async fn retrieve(Loaded(engine): Loaded, Path(model): Path<String>) -> Result<Json<Value>, Failure> {
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
