//! Conversations as files: out, and in again.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use jiff::Zoned;
use serde::Deserialize;
use sottovoce_history::{Export, History, HistoryError, Imported, JsonExport, Transcript, markdown, parse_export};
use tokio::sync::mpsc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Assistant;
use crate::http::{Failure, Id, Query, Whole};

/// Longest name of a file that is made of a title, in bytes.
const NAME_BYTES: usize = 60;
/// Pieces of an export that wait for a client who reads slowly.
const PIECES: usize = 4;

/// What a conversation becomes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Markdown,
    Json,
}

/// What follows the question mark.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    #[param(inline)]
    format: Format,
}

/// A conversation as a file.
#[utoipa::path(get, path = "/api/conversations/{id}/export", tag = "Assistant", operation_id = "export_conversation",
    params(("id" = Uuid, Path), ExportQuery),
    responses((status = 200, description = "The file", content((Export = "application/json"), (String = "text/markdown"))), Failure))]
pub async fn export_one(
    State(assistant): State<Arc<Assistant>>,
    Id(id): Id,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Result<Response, Failure> {
    let transcript = assistant.history.transcript(id).await?;
    let name = file_name(&transcript.conversation.title);
    let text = match format {
        Format::Markdown => markdown(&transcript).into_bytes(),
        Format::Json => whole_export(&transcript).map_err(|error| broken(&error))?,
    };
    Ok(download(&name, format, text.into()))
}

/// All conversations as a file.
#[utoipa::path(get, path = "/api/export", tag = "Assistant", operation_id = "export_conversations", params(ExportQuery),
    responses((status = 200, description = "The file", body = Export), Failure))]
pub async fn export_all(
    State(assistant): State<Arc<Assistant>>,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Result<Response, Failure> {
    if !matches!(format, Format::Json) {
        return Err(Failure::invalid("format", "all conversations together are exported as json"));
    }
    let ids = assistant.history.ids().await?;
    let (sender, pieces) = mpsc::channel(PIECES);
    tokio::spawn(write_export(assistant.history.clone(), ids, sender));
    let pieces = stream::unfold(pieces, |mut pieces| async { Some((pieces.recv().await?, pieces)) });
    let name = format!("sottovoce-{}", Zoned::now().date());
    Ok(download(&name, format, Body::from_stream(pieces)))
}

/// Takes in conversations; what is here already stays as it is.
#[utoipa::path(post, path = "/api/import", tag = "Assistant", operation_id = "import_conversations",
    request_body = Export,
    responses((status = 200, description = "How many were not here", body = Imported), Failure))]
pub async fn import(State(assistant): State<Arc<Assistant>>, Whole(body): Whole) -> Result<Json<Imported>, Failure> {
    // Megabytes of JSON take their time.
    let parsing = tokio::task::spawn_blocking(move || parse_export(&body.bytes));
    let transcripts = parsing.await.map_err(|error| broken(&error))??;
    Ok(Json(assistant.history.import(&transcripts).await?))
}

fn broken(error: &impl std::fmt::Display) -> Failure {
    Failure::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

fn whole_export(transcript: &Transcript) -> io::Result<Vec<u8>> {
    let mut export = JsonExport::new(Vec::new())?;
    export.add(transcript)?;
    export.finish()
}

/// What an export has written and the client not been sent yet.
#[derive(Clone, Default)]
struct Unsent(Arc<Mutex<Vec<u8>>>);

impl Unsent {
    fn take(&self) -> Bytes {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

impl Write for Unsent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes conversations one after the other, as the client takes them. An error breaks the response off, so that the client
/// does not take a part for the whole.
async fn write_export(history: Arc<dyn History>, ids: Vec<Uuid>, pieces: mpsc::Sender<io::Result<Bytes>>) {
    let writing = async {
        let unsent = Unsent::default();
        let mut export = JsonExport::new(unsent.clone())?;
        for id in ids {
            match history.transcript(id).await {
                Ok(transcript) => export.add(&transcript)?,
                // Deleted meanwhile.
                Err(HistoryError::NoConversation { .. }) => continue,
                Err(error) => return Err(io::Error::other(error)),
            }
            if pieces.send(Ok(unsent.take())).await.is_err() {
                return Ok(Bytes::new());
            }
        }
        export.finish().map(|unsent| unsent.take())
    };
    let last = writing.await;
    // A client that has left needs no end.
    drop(pieces.send(last).await);
}

fn download(name: &str, format: Format, body: Body) -> Response {
    let (kind, extension) = match format {
        Format::Markdown => ("text/markdown; charset=utf-8", "md"),
        Format::Json => ("application/json", "json"),
    };
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}.{extension}\""));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(kind);
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, disposition)], body).into_response()
}

/// A name of a file that every system takes.
fn file_name(title: &str) -> String {
    let words = title.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    name.truncate(NAME_BYTES);
    if name.is_empty() { "conversation".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain() {
        assert_eq!(file_name("Why is the sky \"blue\"?\r\n/etc"), "why-is-the-sky-blue-etc");
        assert_eq!(file_name("日本"), "conversation");
        assert_eq!(file_name(&"a".repeat(500)).len(), NAME_BYTES);
    }
}
