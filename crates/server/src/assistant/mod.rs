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
mod spoken;
mod status;
mod transfer;
mod upkeep;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use sottovoce_history::History;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use crate::{engine::Backend, http::Services};
use draft::Drafts;

pub(crate) use spoken::{Keeper, Line, Place};

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
pub fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(status::status))
        .routes(routes!(settings::read, settings::replace))
        .routes(routes!(conversations::list, conversations::create, conversations::delete_all))
        .routes(routes!(conversations::read, conversations::change, conversations::delete))
        .routes(routes!(messages::ask))
        .routes(routes!(messages::change, messages::delete))
        .routes(routes!(messages::answer_again))
        .routes(routes!(messages::stop))
        .routes(routes!(follow::events))
        .routes(routes!(transfer::export_one))
        .routes(routes!(transfer::export_all))
        .routes(routes!(transfer::import).layer(DefaultBodyLimit::max(MOST_IMPORT_BYTES)))
}
