//! `/v1/models`

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    engine::{Backend, ChatModel},
    http::Failure,
};

/// The models of a server: one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Models {
    object: &'static str,
    data: [Model; 1],
}

/// A model.
#[derive(Debug, Serialize, ToSchema)]
pub struct Model {
    id: String,
    object: &'static str,
    /// When the model was made is not known; clients want a number.
    created: u64,
    owned_by: &'static str,
    /// Tokens of a conversation at most, if that is known.
    context_window: Option<usize>,
}

/// The models of this server.
#[utoipa::path(get, path = "/v1/models", tag = "OpenAI", operation_id = "list_models",
    responses((status = 200, description = "The models", body = Models), Failure))]
pub async fn list(State(backend): State<Arc<Backend>>) -> Result<Json<Models>, Failure> {
    Ok(Json(Models { object: "list", data: [Model::of(&*backend.chat()?)] }))
}

/// A model by its name, or as `default`.
#[utoipa::path(get, path = "/v1/models/{model}", tag = "OpenAI", operation_id = "retrieve_model",
    params(("model" = String, Path)), responses((status = 200, description = "The model", body = Model), Failure))]
pub async fn retrieve(State(backend): State<Arc<Backend>>, Path(model): Path<String>) -> Result<Json<Model>, Failure> {
    let chat = backend.chat()?;
    if model == chat.name() || model == "default" {
        Ok(Json(Model::of(&*chat)))
    } else {
        Err(Failure::no_model(&model, chat.name()))
    }
}

impl Model {
    fn of(chat: &dyn ChatModel) -> Self {
        Self {
            id: chat.name().to_owned(),
            object: "model",
            created: 0,
            owned_by: "sottovoce",
            context_window: chat.context(),
        }
    }
}
