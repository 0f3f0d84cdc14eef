//! Conversations, and lists of them.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sottovoce_history::{Conversation, ConversationChange, Filter, MAX_PAGE, NewConversation, Page, Transcript};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Assistant;
use crate::http::{Body, Failure, Id, Query, present};

/// Conversations of a page if the request does not say.
const PAGE: u32 = 50;
/// Longest search, in bytes.
const MOST_SEARCH_BYTES: usize = 1_000;

/// Which conversations to list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Words, or beginnings of words, that have to occur.
    #[serde(default)]
    search: String,
    /// Only favourites, and those with a message that is one.
    #[serde(default)]
    favourites: bool,
    /// How many at most, up to 200.
    limit: Option<u32>,
    /// The last conversation of the page before.
    after: Option<Uuid>,
}

/// A page of the list of conversations, the last updated first.
#[utoipa::path(get, path = "/api/conversations", tag = "Assistant", operation_id = "list_conversations", params(ListQuery),
    responses((status = 200, description = "The page", body = Page), Failure))]
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

/// Begins a conversation.
#[utoipa::path(post, path = "/api/conversations", tag = "Assistant", operation_id = "begin_conversation",
    request_body = NewConversation,
    responses((status = 201, description = "The conversation", body = Conversation), Failure))]
pub async fn create(
    State(assistant): State<Arc<Assistant>>,
    Body(new): Body<NewConversation>,
) -> Result<(StatusCode, Json<Conversation>), Failure> {
    Ok((StatusCode::CREATED, Json(assistant.history.create(new).await?)))
}

/// A conversation with its messages.
#[utoipa::path(get, path = "/api/conversations/{id}", tag = "Assistant", operation_id = "read_conversation",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The conversation", body = Transcript), Failure))]
pub async fn read(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<Json<Transcript>, Failure> {
    Ok(Json(assistant.history.transcript(id).await?))
}

/// What to change about a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationEdit {
    title: Option<String>,
    favourite: Option<bool>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    system_prompt: Option<Option<String>>,
}

/// Changes a conversation.
#[utoipa::path(patch, path = "/api/conversations/{id}", tag = "Assistant", operation_id = "change_conversation",
    params(("id" = Uuid, Path)), request_body = ConversationEdit,
    responses((status = 200, description = "The conversation as it is then", body = Conversation), Failure))]
pub async fn change(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
    Body(change): Body<ConversationEdit>,
) -> Result<Json<Conversation>, Failure> {
    let ConversationEdit { title, favourite, system_prompt } = change;
    let change = ConversationChange { title, favourite, system_prompt };
    Ok(Json(assistant.history.update(id, change).await?))
}

/// Removes a conversation.
#[utoipa::path(delete, path = "/api/conversations/{id}", tag = "Assistant", operation_id = "delete_conversation",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "It is gone"), Failure))]
pub async fn delete(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<StatusCode, Failure> {
    assistant.history.delete(id).await?;
    assistant.forget(id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// How many conversations are gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedConversations {
    deleted: u64,
}

/// Removes all conversations.
#[utoipa::path(delete, path = "/api/conversations", tag = "Assistant", operation_id = "delete_conversations",
    responses((status = 200, description = "They are gone", body = DeletedConversations), Failure))]
pub async fn delete_all(State(assistant): State<Arc<Assistant>>) -> Result<Json<DeletedConversations>, Failure> {
    let deleted = assistant.history.delete_all().await?;
    assistant.forget_others().await?;
    Ok(Json(DeletedConversations { deleted }))
}
