//! Questions and answers.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use sottovoce_history::{ConversationChange, Message, MessageState, NewMessage, Role};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Assistant;
use crate::http::{Body, Failure, Id};

/// Longest title that is made of a question, in characters.
const TITLE_CHARACTERS: usize = 60;

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    text: String,
    /// The answer that it follows; none for a first question.
    parent: Option<Uuid>,
}

/// A question as it is kept, and the answer that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct Asked {
    question: Message,
    answer: Message,
}

/// Another answer, which has begun.
#[derive(Debug, Serialize, ToSchema)]
pub struct Again {
    answer: Message,
}

/// Asks something. The question is on the disk when this returns; the answer goes on by itself.
#[utoipa::path(post, path = "/api/conversations/{id}/messages", tag = "Assistant", operation_id = "ask",
    params(("id" = Uuid, Path)), request_body = Question,
    responses((status = 201, description = "Both", body = Asked), Failure))]
pub async fn ask(
    State(assistant): State<Arc<Assistant>>,
    Id(conversation): Id,
    Body(question): Body<Question>,
) -> Result<(StatusCode, Json<Asked>), Failure> {
    let asking = async move { assistant.ask(conversation, question).await };
    let (question, answer) = to_the_end(asking).await?;
    Ok((StatusCode::CREATED, Json(Asked { question, answer })))
}

/// Has a question answered once more.
#[utoipa::path(post, path = "/api/messages/{id}/answers", tag = "Assistant", operation_id = "answer_again",
    params(("id" = Uuid, Path)),
    responses((status = 201, description = "The answer", body = Again), Failure))]
pub async fn answer_again(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
) -> Result<(StatusCode, Json<Again>), Failure> {
    let asking = async move {
        assistant.check_room()?;
        let question = assistant.history.message(id).await?;
        if question.role != Role::User {
            return Err(Failure::new(StatusCode::BAD_REQUEST, format!("message {id} is no question")));
        }
        assistant.answer(&question).await
    };
    let answer = to_the_end(asking).await?;
    Ok((StatusCode::CREATED, Json(Again { answer })))
}

/// Asks an answer in the making to stop. What it has stays.
#[utoipa::path(post, path = "/api/messages/{id}/stop", tag = "Assistant", operation_id = "stop",
    params(("id" = Uuid, Path)),
    responses((status = 202, description = "It will"), Failure))]
pub async fn stop(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<StatusCode, Failure> {
    assistant.stop(id).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What to change about a message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageEdit {
    favourite: bool,
}

/// Changes a message.
#[utoipa::path(patch, path = "/api/messages/{id}", tag = "Assistant", operation_id = "change_message",
    params(("id" = Uuid, Path)), request_body = MessageEdit,
    responses((status = 200, description = "The message as it is then", body = Message), Failure))]
pub async fn change(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
    Body(MessageEdit { favourite }): Body<MessageEdit>,
) -> Result<Json<Message>, Failure> {
    Ok(Json(assistant.history.set_favourite(id, favourite).await?))
}

/// Removes a message and all that follow it.
#[utoipa::path(delete, path = "/api/messages/{id}", tag = "Assistant", operation_id = "delete_message",
    params(("id" = Uuid, Path)),
    responses((status = 204, description = "They are gone"), Failure))]
pub async fn delete(State(assistant): State<Arc<Assistant>>, Id(id): Id) -> Result<StatusCode, Failure> {
    let conversation = assistant.history.message(id).await?.conversation;
    assistant.history.delete_message(id).await?;
    assistant.forget(conversation).await;
    Ok(StatusCode::NO_CONTENT)
}

impl Assistant {
    /// Keeps a question, gives its conversation a title if it has none, and begins to answer.
    async fn ask(self: &Arc<Self>, conversation: Uuid, question: Question) -> Result<(Message, Message), Failure> {
        let Question { text, parent } = question;
        if text.trim().is_empty() {
            return Err(Failure::invalid("text", "the question is empty"));
        }
        self.check_room()?;
        if let Some(parent) = parent {
            let before = self.history.message(parent).await?;
            if before.role == Role::User {
                return Err(Failure::invalid("parent", "a question follows an answer, not another question"));
            }
            if before.state == MessageState::Streaming {
                let message = "the answer is still being made; wait for its end, or stop it";
                return Err(Failure::new(StatusCode::CONFLICT, message));
            }
        }
        let is_untitled = self.history.conversation(conversation).await?.title.is_empty();
        let title = title(&text);
        let new =
            NewMessage { conversation, parent, role: Role::User, text, state: MessageState::Complete, model: None };
        let question = self.history.append(new).await?;
        if is_untitled {
            let change = ConversationChange { title: Some(title), ..ConversationChange::default() };
            self.history.update(conversation, change).await?;
        }
        let answer = self.answer(&question).await?;
        Ok((question, answer))
    }
}

/// Does work to its end, even if the client does not wait for that: what has begun in the history has to be gone on with.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Failure> {
    let broken = |error: tokio::task::JoinError| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string());
    tokio::spawn(work).await.map_err(broken)?
}

/// The first words of a question.
pub(super) fn title(text: &str) -> String {
    let mut title = String::new();
    for word in text.split_whitespace() {
        let length = title.chars().count() + word.chars().count();
        if length >= TITLE_CHARACTERS {
            if title.is_empty() {
                title.extend(word.chars().take(TITLE_CHARACTERS - 1));
            }
            return title + "…";
        }
        if !title.is_empty() {
            title.push(' ');
        }
        title.push_str(word);
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_the_first_words() {
        assert_eq!(title("  Why is\n the sky   blue? "), "Why is the sky blue?");
        assert_eq!(title(&"word ".repeat(40)), "word word word word word word word word word word word word…");
        assert_eq!(title(&"ä".repeat(500)), "ä".repeat(59) + "…");
        assert!(title(&"four ".repeat(12)).chars().count() <= TITLE_CHARACTERS);
    }
}
