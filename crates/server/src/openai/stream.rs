//! Responses in pieces: server-sent events.

use std::{convert::Infallible, time::Duration};

use axum::response::{
    IntoResponse, Response, Sse,
    sse::{Event as SseEvent, KeepAlive},
};
use futures_util::stream;
use serde_json::Value;
use tokio::sync::mpsc;

use crate::http::Failure;

/// How often a stream says that it is alive while nothing comes, as when it waits for a long prompt.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Pieces that wait for a client who reads slowly.
const PIECES: usize = 16;

/// Where a response writes its pieces.
pub struct Pieces(mpsc::Sender<Value>);

/// The client is gone.
pub struct Gone;

impl Pieces {
    /// Writes a piece.
    pub async fn write(&self, piece: Value) -> Result<(), Gone> {
        self.0.send(piece).await.map_err(|_| Gone)
    }

    /// Ends a response that failed in the middle: its status has been sent, so the error is a piece.
    pub async fn fail(&self, failure: &Failure) -> Result<(), Gone> {
        self.write(failure.body()).await
    }
}

/// A response whose pieces `writer` writes; it ends with `[DONE]`.
pub fn response<F: Future<Output = Result<(), Gone>> + Send + 'static>(writer: impl FnOnce(Pieces) -> F) -> Response {
    let (sender, receiver) = mpsc::channel(PIECES);
    let writing = writer(Pieces(sender));
    // Dropped with the stream, the writer would stay in the middle of a piece; as a task it finds that nobody listens.
    tokio::spawn(writing);
    let pieces = stream::unfold(Some(receiver), |receiver| async {
        let mut receiver = receiver?;
        match receiver.recv().await {
            Some(piece) => Some((Ok::<_, Infallible>(SseEvent::default().data(piece.to_string())), Some(receiver))),
            None => Some((Ok(SseEvent::default().data("[DONE]")), None)),
        }
    });
    Sse::new(pieces).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response()
}
