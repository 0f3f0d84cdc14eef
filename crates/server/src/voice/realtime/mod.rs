//! `/v1/realtime`: spoken conversations over a WebSocket, in OpenAI's events.
//!
//! `events` and `settings` are what clients say, `items` what was said in the conversation, `listener` cuts the sound of the
//! microphone into turns, `making` makes responses, `loudspeaker` knows what of them is heard, `keeping` puts both sides into the
//! history, and `session` joins them. A turn is transcribed and answered in secret as
//! soon as it pauses; what was guessed right is sent the moment the turn ends.

mod events;
mod items;
mod keeping;
mod listener;
mod loudspeaker;
mod making;
mod responses;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod turns;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{
        Query, State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::StatusCode,
    response::Response,
};
use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::sync::Semaphore;

use super::{PCM_RATE, Voice};
use crate::{Assistant, ServerError, engine::Backend, http::Failure};
use session::Session;

/// Sessions at the same time.
const MOST_SESSIONS: usize = 16;
static SESSIONS: Semaphore = Semaphore::const_new(MOST_SESSIONS);
/// Bytes of a client's event: half a minute of sound.
const MOST_BYTES: usize = 2 << 20;
/// How often a client is asked whether it is there, and how long it may say nothing at all.
const HEARTBEAT: Duration = Duration::from_secs(20);
const LONGEST_SILENCE: Duration = Duration::from_secs(60);
/// How long a client may take to take an event.
const STALL: Duration = Duration::from_secs(30);

/// What stands behind the address.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
pub struct Address {
    /// Its name, or `default`.
    model: Option<String>,
}

/// Opens a spoken conversation: a WebSocket that carries the events of OpenAI's Realtime interface as JSON, with sound in PCM of
/// 24,000 samples a second.
///
/// A client sends `session.update`, `input_audio_buffer.append`, `input_audio_buffer.commit`, `input_audio_buffer.clear`,
/// `conversation.item.create`, `conversation.item.retrieve`, `conversation.item.truncate`, `conversation.item.delete`,
/// `response.create` and `response.cancel`. A session that is told where (`sottovoce`: a `conversation` and the `message` to go on
/// from, or nothing for a new one) goes on with what was said there, and what is said and heard becomes a part of the history as
/// it is settled; `session.updated` tells how far that is. A client's token may be the protocol `openai-insecure-api-key.TOKEN` beside `realtime`.
#[utoipa::path(get, path = "/v1/realtime", tag = "OpenAI", operation_id = "connect_realtime", params(Address),
    responses((status = 101, description = "The connection becomes a WebSocket"), Failure))]
pub async fn connect(
    State(voice): State<Arc<Voice>>,
    State(backend): State<Arc<Backend>>,
    State(assistant): State<Arc<Assistant>>,
    Query(address): Query<Address>,
    upgrade: Result<WebSocketUpgrade, axum::extract::ws::rejection::WebSocketUpgradeRejection>,
) -> Result<Response, Failure> {
    let upgrade = upgrade.map_err(|refused| Failure::new(refused.status(), refused.body_text()))?;
    if let Some(model) = address.model.filter(|model| model != backend.name() && model != "default") {
        return Err(Failure::no_model(&model, backend.name()));
    }
    let parts = voice.parts()?;
    let place = SESSIONS.try_acquire().map_err(|_| {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("{MOST_SESSIONS} sessions are open, which is all there may be"),
        )
    })?;
    let activity = (parts.activity)().map_err(ServerError::from)?;
    let mut session = Session::new(backend, assistant, parts, activity);
    Ok(upgrade.protocols(["realtime"]).max_message_size(MOST_BYTES).on_upgrade(async move |socket| {
        talk(socket, &mut session).await;
        session.leave().await;
        drop(place);
    }))
}

/// Runs a session until the client leaves, or is not there any more.
async fn talk(socket: WebSocket, session: &mut Session) {
    let (mut sink, mut stream) = socket.split();
    let mut heartbeat = tokio::time::interval(HEARTBEAT);
    let mut last_sign = Instant::now();
    loop {
        for event in session.take_events() {
            let sent = tokio::time::timeout(STALL, sink.send(Message::Text(event.to_string().into()))).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
        tokio::select! {
            message = stream.next() => {
                last_sign = Instant::now();
                match message {
                    Some(Ok(Message::Text(text))) => session.client_said(&text).await,
                    Some(Ok(Message::Binary(_))) => session.fail(None, "events are text, in JSON"),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                }
            }
            () = session.go_on() => {}
            _ = heartbeat.tick() => {
                let asked = tokio::time::timeout(STALL, sink.send(Message::Ping(Default::default()))).await;
                if last_sign.elapsed() > LONGEST_SILENCE || !matches!(asked, Ok(Ok(()))) {
                    return;
                }
            }
        }
    }
}
