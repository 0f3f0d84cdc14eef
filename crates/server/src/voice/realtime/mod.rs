//! `/v1/realtime`: spoken conversations over a WebSocket, in OpenAI's events.
//!
//! `events` and `settings` are what clients say, `items` what was said in the conversation, `listener` cuts the sound of the
//! microphone into turns, `making` makes responses, and `session` joins them. A turn is transcribed and answered in secret as
//! soon as it pauses; what was guessed right is sent the moment the turn ends.

mod events;
mod items;
mod listener;
mod making;
mod responses;
mod session;
mod settings;
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
use crate::{ServerError, engine::Backend, http::Failure};
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
#[derive(Debug, Deserialize)]
pub struct Address {
    model: Option<String>,
}

/// Opens a session.
pub async fn connect(
    State(voice): State<Arc<Voice>>,
    State(backend): State<Arc<Backend>>,
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
    let session = Session::new(backend, parts, activity);
    Ok(upgrade.protocols(["realtime"]).max_message_size(MOST_BYTES).on_upgrade(async move |socket| {
        talk(socket, session).await;
        drop(place);
    }))
}

/// Runs a session until the client leaves, or is not there any more.
async fn talk(socket: WebSocket, mut session: Session) {
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
                    Some(Ok(Message::Text(text))) => session.client_said(&text),
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
