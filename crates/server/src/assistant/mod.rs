//! The assistant behind the page: conversations that are kept, and answers that go on whether anybody listens or not.
//!
//! An answer is made by a task of its own ([`answer`]), which writes to the history what has come. Whoever wants to follow it,
//! from any moment on, on this server or another that shares the history, gets the text so far and then what is new
//! ([`follow`]).

mod answer;
mod conversations;
mod draft;
mod follow;
mod messages;
mod settings;
mod status;
mod transfer;
mod upkeep;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, patch, post},
};
use sottovoce_history::History;

use crate::{engine::Backend, http::Services};
use draft::Drafts;

/// Bytes of an import at most.
pub(crate) const MOST_IMPORT_BYTES: usize = 64 << 20;
/// Where imports go.
pub(crate) const IMPORT: &str = "/api/import";

/// Conversations, and what answers in them.
pub struct Assistant {
    history: Arc<dyn History>,
    backend: Arc<Backend>,
    drafts: Drafts,
}

impl Assistant {
    /// An assistant that keeps conversations in `history`, which was opened to serve.
    pub fn new(history: Arc<dyn History>, backend: Arc<Backend>) -> Self {
        Self { history, backend, drafts: Drafts::default() }
    }
}

/// The page's routes.
pub fn routes() -> Router<Services> {
    Router::new()
        .route("/api/status", get(status::status))
        .route("/api/settings", get(settings::read).put(settings::replace))
        .route(
            "/api/conversations",
            get(conversations::list).post(conversations::create).delete(conversations::delete_all),
        )
        .route(
            "/api/conversations/{id}",
            get(conversations::read).patch(conversations::change).delete(conversations::delete),
        )
        .route("/api/conversations/{id}/messages", post(messages::ask))
        .route("/api/messages/{id}", patch(messages::change).delete(messages::delete))
        .route("/api/messages/{id}/answers", post(messages::answer_again))
        .route("/api/messages/{id}/stop", post(messages::stop))
        .route("/api/messages/{id}/events", get(follow::events))
        .route("/api/conversations/{id}/export", get(transfer::export_one))
        .route("/api/export", get(transfer::export_all))
        .route(IMPORT, post(transfer::import).layer(DefaultBodyLimit::max(MOST_IMPORT_BYTES)))
}
