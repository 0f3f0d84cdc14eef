//! Conversations, and lists of them.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sottovoce_history::{Conversation, ConversationChange, Filter, MAX_PAGE, NewConversation, Page, Transcript};
use uuid::Uuid;

use super::Assistant;
use crate::http::{Body, Failure, Id, Query, present};

/// Conversations of a page if the request does not say.
const PAGE: u32 = 50;
/// Longest search, in bytes.
const MOST_SEARCH_BYTES: usize = 1_000;

/// Which conversations to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    #[serde(default)]
    search: String,
    #[serde(default)]
    favourites: bool,
    limit: Option<u32>,
    after: Option<Uuid>,
}

/// `GET /api/conversations`
pub async fn list(
    State(assistant): State<Arc<Assistant>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page>, Failure> {
    let ListQuery { search, favourites, limit, after } = query;
    if search.len() > MOST_SEARCH_BYTES {
        let message = format!("a search of {} bytes, at most {MOST_SEARCH_BYTES}", search.len());
        return Err(Failure::invalid("search", message));
    }
    let limit = limit.unwrap_or(PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Failure::invalid("limit", format!("limit is {limit}, expected 1 to {MAX_PAGE}")));
    }
    Ok(Json(assistant.history.list(&Filter { search, favourites, limit, after }).await?))
}

/// `POST /api/conversations`
pub async fn create(
    State(assistant): State<Arc<Assistant>>,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), Failure> {
    Ok((StatusCode::CREATED, Json(assistant.history.create(new).await?)))
}

/// `GET /api/conversations/{id}`
pub async fn read(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<Json<Transcript>, Failure> {
    Ok(Json(assistant.history.transcript(id).await?))
}

/// What to change about a conversation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    title: Option<String>,
    favourite: Option<bool>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    system_prompt: Option<Option<String>>,
}

/// `PATCH /api/conversations/{id}`
pub async fn change(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
    Body(change): Body<Change>,
) -> Result<Json<Conversation>, Failure> {
    let Change { title, favourite, system_prompt } = change;
    let change = ConversationChange { title, favourite, system_prompt };
    Ok(Json(assistant.history.update(id, change).await?))
}

/// `DELETE /api/conversations/{id}`
pub async fn delete(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<StatusCode, Failure> {
    assistant.history.delete(id).await?;
    assistant.forget(id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/conversations`
pub async fn delete_all(State(assistant): State<Arc<Assistant>>) -> Result<Json<Value>, Failure> {
    let deleted = assistant.history.delete_all().await?;
    assistant.forget_others().await?;
    Ok(Json(json!({ "deleted": deleted })))
}
