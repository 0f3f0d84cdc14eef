//! Conversations as JSON: everything that there is to know about them, for this program or another one.
//!
//! ```json
//! {"format": "sottovoce history", "version": 1, "conversations": [
//! {"conversation": {…}, "messages": [{…}, …]},
//! …
//! ]}
//! ```

use std::io::{self, Write};

use serde::Deserialize;
use utoipa::ToSchema;

use crate::{HistoryError, Transcript, store::check};

/// Largest export that [`parse_export`] takes, in bytes.
pub const MAX_EXPORT_BYTES: usize = 256 << 20;

const FORMAT: &str = "sottovoce history";
const VERSION: u64 = 1;

/// Writes an export, one conversation after the other.
#[derive(Debug)]
pub struct JsonExport<W> {
    to: W,
    separator: &'static str,
}

impl<W: Write> JsonExport<W> {
    /// Begins an export.
    ///
    /// # Errors
    /// It cannot be written, as in the other functions.
    pub fn new(mut to: W) -> io::Result<Self> {
        write!(to, r#"{{"format": "{FORMAT}", "version": {VERSION}, "conversations": ["#)?;
        Ok(Self { to, separator: "\n" })
    }

    /// Adds a conversation.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn add(&mut self, transcript: &Transcript) -> io::Result<()> {
        self.to.write_all(self.separator.as_bytes())?;
        self.separator = ",\n";
        Ok(serde_json::to_writer(&mut self.to, transcript)?)
    }

    /// Ends the export, and returns what it was written to.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn finish(mut self) -> io::Result<W> {
        self.to.write_all(b"\n]}\n")?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// What every version of an export begins with.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Header {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

/// An export as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Export {
    /// `sottovoce history`.
    #[serde(rename = "format")]
    _format: String,
    /// 1.
    #[serde(rename = "version")]
    _version: u64,
    conversations: Vec<Transcript>,
}

/// The conversations of an export, which hold together: [`import`](crate::History::import) takes them.
///
/// # Errors
/// It is larger than [`MAX_EXPORT_BYTES`], no export, of another version, or not consistent; the error names the place.
pub fn parse_export(bytes: &[u8]) -> Result<Vec<Transcript>, HistoryError> {
    let refused = HistoryError::Import;
    if bytes.len() > MAX_EXPORT_BYTES {
        return Err(refused(format!("it has {} bytes; the limit is {MAX_EXPORT_BYTES}", bytes.len())));
    }
    let header: Header =
        serde_json::from_slice(bytes).map_err(|error| refused(format!("it is not an export in JSON: {error}")))?;
    if header.format.as_ref().is_none_or(|format| format != FORMAT) {
        return Err(refused(format!("it is JSON, but not an export, whose \"format\" is \"{FORMAT}\"")));
    }
    match header.version.as_ref().map(serde_json::Value::as_u64) {
        Some(Some(VERSION)) => {}
        Some(Some(later)) if later > VERSION => {
            return Err(refused(format!(
                "it has version {later}, this program knows up to {VERSION}; update sottovoce"
            )));
        }
        _ => return Err(refused("its \"version\" is no positive whole number".to_owned())),
    }
    let export: Export = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(bytes))
        .map_err(|error| refused(error.to_string()))?;
    check::transcripts(&export.conversations)?;
    Ok(export.conversations)
}
