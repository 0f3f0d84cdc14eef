//! Following an answer, from any moment on.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{
        Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use serde::Serialize;
use serde_json::json;
use sottovoce_history::{History, Message, MessageState};
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Assistant,
    draft::{End, Progress, Taken},
};
use crate::http::{ErrorBody, Failure, Id};

/// How often the history is looked at for an answer that another server makes; that one writes about as often.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Text of an answer.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerText {
    text: String,
    /// What the answer has taken so far, if the model that makes it is in this process.
    usage: Option<Taken>,
}

/// What the events of an answer say: `text`, all of it so far, comes first, `delta`, what came to it, then, `error` if something
/// went wrong, and `done` last.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum AnswerEvent {
    /// Of `text` and `delta`.
    Text(AnswerText),
    /// Of `done`: the message as it is kept.
    Done(Box<Message>),
    /// Of `error`.
    Failed(ErrorBody),
}

/// Follows an answer, from its beginning on.
#[utoipa::path(get, path = "/api/messages/{id}/events", tag = "Assistant", operation_id = "follow",
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "Its events", body = AnswerEvent, content_type = "text/event-stream"), Failure))]
pub async fn events(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let reader = Reader { progress: assistant.follow(id).await?, place: Place::Beginning };
    let events = stream::unfold(reader, |mut reader| async { Some((Ok(reader.next().await?), reader)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new()))
}

impl Assistant {
    /// How far an answer is, and how it goes on.
    ///
    /// # Errors
    /// There is no such message, or the history fails.
    pub async fn follow(&self, id: Uuid) -> Result<watch::Receiver<Progress>, Failure> {
        if let Some(draft) = self.drafts.get(id) {
            return Ok(draft.progress());
        }
        let message = self.history.message(id).await?;
        let is_streaming = message.state == MessageState::Streaming;
        let (sender, progress) = watch::channel(message.into());
        if is_streaming {
            tokio::spawn(watch_history(self.history.clone(), id, sender));
        }
        Ok(progress)
    }
}

/// Tells what another server writes, until it has ended or nobody follows.
async fn watch_history(history: Arc<dyn History>, id: Uuid, sender: watch::Sender<Progress>) {
    while !sender.is_closed() && sender.borrow().end.is_none() {
        tokio::time::sleep(LOOK_EVERY).await;
        let progress = match history.message(id).await {
            Ok(message) => message.into(),
            Err(error) => {
                let end = End { message: None, failure: Some(error.into()) };
                Progress { text: sender.borrow().text.clone(), end: Some(end), ..Progress::default() }
            }
        };
        sender.send_replace(progress);
    }
}

impl From<Message> for Progress {
    fn from(message: Message) -> Self {
        let text = message.text.clone();
        let ended = message.state != MessageState::Streaming;
        Self { text, taken: None, end: ended.then_some(End { message: Some(message), failure: None }) }
    }
}

/// One who follows an answer.
struct Reader {
    progress: watch::Receiver<Progress>,
    place: Place,
}

/// How far a reader is.
#[derive(Clone, Copy)]
enum Place {
    Beginning,
    /// Behind so many bytes of text.
    Text(usize),
    /// Knows what went wrong, but not how the message is kept.
    Failure,
    End,
}

impl Reader {
    /// The next event; `None` after the last.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let (event, place) = next(&self.progress.borrow_and_update(), self.place);
            self.place = place;
            match (event, place) {
                (Some(event), _) => return Some(event),
                (None, Place::End) => return None,
                // Whoever writes is gone only after the end.
                (None, _) => self.progress.changed().await.ok()?,
            }
        }
    }
}

/// What a reader at `place` is told next, if there is something to tell, and where it is then.
fn next(progress: &Progress, place: Place) -> (Option<Event>, Place) {
    let event = |name: &str, data: AnswerEvent| Some(Event::default().event(name).data(json!(data).to_string()));
    let text = |name: &str, text: &str| {
        event(name, AnswerEvent::Text(AnswerText { text: text.to_owned(), usage: progress.taken }))
    };
    let length = progress.text.len();
    match (place, &progress.end) {
        (Place::Beginning, _) => (text("text", &progress.text), Place::Text(length)),
        (Place::Text(read), _) if read < length => {
            (text("delta", progress.text.get(read..).unwrap_or_default()), Place::Text(length))
        }
        (Place::Text(_), Some(End { failure: Some(failure), .. })) => {
            (event("error", AnswerEvent::Failed(failure.body())), Place::Failure)
        }
        (Place::Text(_) | Place::Failure, Some(End { message: Some(message), .. })) => {
            (event("done", AnswerEvent::Done(Box::new(message.clone()))), Place::End)
        }
        (Place::Failure | Place::End, _) => (None, Place::End),
        (Place::Text(_), Some(_)) => (None, Place::End),
        (Place::Text(_), None) => (None, place),
    }
}
