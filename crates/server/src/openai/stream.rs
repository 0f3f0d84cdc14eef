//! Responses in pieces: server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event as SseEvent, KeepAlive},
};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::http::Failure;

/// What the streams of chats and completions end with.
pub const DONE: Option<&str> = Some("[DONE]");

/// How often a stream says that it is alive while nothing comes, as when it waits for a long prompt.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Pieces that wait for a client who reads slowly.
const PIECES: usize = 16;

/// Where a response writes its pieces.
pub struct Pieces(mpsc::Sender<SseEvent>);

/// The client is gone.
pub struct Gone;

impl Pieces {
    /// Writes a piece.
    pub async fn write(&self, piece: &impl Serialize) -> Result<(), Gone> {
        self.send(SseEvent::default(), piece).await
    }

    /// Writes a piece with a name.
    pub async fn write_event(&self, name: &str, piece: &impl Serialize) -> Result<(), Gone> {
        self.send(SseEvent::default().event(name), piece).await
    }

    async fn send(&self, event: SseEvent, piece: &impl Serialize) -> Result<(), Gone> {
        // Only keys that are no strings could fail, which nothing has that is written here.
        let data = serde_json::to_string(piece).map_err(|_| Gone)?;
        self.0.send(event.data(data)).await.map_err(|_| Gone)
    }

    /// Ends a response that failed in the middle: its status has been sent, so the error is a piece.
    pub async fn fail(&self, failure: &Failure) -> Result<(), Gone> {
        self.write(&failure.body()).await
    }
}

/// A response whose pieces `writer` writes; it ends with `last`.
pub fn response<F: Future<Output = Result<(), Gone>> + Send + 'static>(
    last: Option<&'static str>,
    writer: impl FnOnce(Pieces) -> F,
) -> Response {
    let (sender, receiver) = mpsc::channel(PIECES);
    let writing = writer(Pieces(sender));
    // Dropped with the stream, the writer would stay in the middle of a piece; as a task it finds that nobody listens.
    tokio::spawn(writing);
    let pieces = stream::unfold((receiver, last), |(mut receiver, last)| async move {
        match receiver.recv().await {
            Some(piece) => Some((Ok::<_, Infallible>(piece), (receiver, last))),
            None => last.map(|last| (Ok(SseEvent::default().data(last)), (receiver, None))),
        }
    });
    Sse::new(pieces).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}
