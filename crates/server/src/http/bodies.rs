//! Bodies of requests: how much memory they may take together, and how long they may take to arrive.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Failure, most_bytes};

/// How long a request may take to arrive, with its turn to be read.
const MOST_TIME: Duration = Duration::from_secs(30);

/// MiB of bodies that are in memory at the same time. Others are not read until there is room.
static ROOM: Semaphore = Semaphore::const_new(64);

const UNIT: usize = 1 << 20;

/// A body that is there whole. Its share of the room is given back when dropped.
pub struct WholeBody {
    pub bytes: Bytes,
    _room: SemaphorePermit<'static>,
}

/// Reads a body to its end.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<WholeBody, Failure> {
    read_within(MOST_TIME, request, state).await
}

async fn read_within<S: Send + Sync>(time: Duration, request: Request, state: &S) -> Result<WholeBody, Failure> {
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    // What does not say how long it will be may become as long as any.
    let most = most_bytes(request.uri());
    let size = announced.and_then(|length| length.parse().ok()).unwrap_or(most).clamp(1, most);
    let units = u32::try_from(size.div_ceil(UNIT)).unwrap_or(u32::MAX);
    let reading = async {
        let room = ROOM.acquire_many(units).await;
        let room = room.map_err(|closed| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, closed.to_string()))?;
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error: BytesRejection| Failure::new(error.status(), error.body_text()))?;
        Ok(WholeBody { bytes, _room: room })
    };
    let late = |_| Failure::new(StatusCode::REQUEST_TIMEOUT, "the request did not come to an end");
    tokio::time::timeout(time, reading).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::{StreamExt, stream};

    use super::*;

    fn request(body: Body) -> Request {
        Request::post("/").body(body).unwrap()
    }

    #[tokio::test]
    async fn a_body_is_read_whole() {
        let body = read(request(Body::from("words")), &()).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(body.bytes, "words");
    }

    #[tokio::test]
    async fn a_body_that_does_not_end_is_not_waited_for() {
        let begun = stream::iter([Ok::<_, std::io::Error>("beginning")]).chain(stream::pending());
        let read = read_within(Duration::from_millis(20), request(Body::from_stream(begun)), &()).await;
        assert_eq!(read.err().unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    }
}
