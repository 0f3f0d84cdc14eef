use std::{
    fs::{self, File, OpenOptions},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use ureq::{Agent, Body, http::Response};

use super::{CopyError, copy, verify};
use crate::{CatalogueFile, Event, HubError, Observer, digest::HashingWriter};

/// Downloads over HTTP, with a proxy where the environment names one.
pub(crate) struct Http {
    agent: Agent,
}

impl Http {
    /// Time limits are short where a closed network would otherwise hang (name, connection) and long where a slow one
    /// still works (between two reads).
    pub fn new() -> Self {
        let config = Agent::config_builder()
            .timeout_resolve(Some(Duration::from_secs(4)))
            .timeout_connect(Some(Duration::from_secs(5)))
            .timeout_recv_response(Some(Duration::from_secs(20)))
            .timeout_per_read(Some(Duration::from_secs(30)))
            .http_status_as_error(false)
            .user_agent(concat!("sottovoce/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }

    /// Downloads `url` into `part`, continuing what is there, and verifies it. Returns `part`.
    ///
    /// An interrupted download goes on at once as long as each connection brings some bytes; what has arrived stays for
    /// the next call. Contents that turn out wrong are removed, and fetched anew once if they began with an old part.
    pub fn download(
        &self,
        url: &str,
        file: &CatalogueFile,
        part: &Path,
        observer: &mut Observer<'_>,
    ) -> Result<PathBuf, HubError> {
        loop {
            let before = fs::metadata(part).map_or(0, |metadata| metadata.len());
            let error = match self.continue_download(url, file, part, observer) {
                Ok(()) => return Ok(part.to_owned()),
                Err(error) => error,
            };
            match error {
                HubError::Interrupted { received, .. } if received > before => {}
                HubError::Checksum { .. } | HubError::Size { .. } => {
                    let _ = fs::remove_file(part);
                    if before == 0 {
                        return Err(error);
                    }
                }
                _ => return Err(error),
            }
        }
    }

    fn continue_download(
        &self,
        url: &str,
        file: &CatalogueFile,
        part: &Path,
        observer: &mut Observer<'_>,
    ) -> Result<(), HubError> {
        let open = OpenOptions::new().read(true).append(true).create(true).open(part);
        let mut output = open.map_err(|error| HubError::io("create", part, error))?;
        let mut writer = HashingWriter::new(&output);
        // More than the file has is wrong in any case, and found so below.
        writer.absorb(&mut (&output).take(file.size + 1)).map_err(|error| HubError::io("read", part, error))?;
        if writer.written() < file.size {
            let mut response = self.get(url, writer.written())?;
            if response.status() == 200 && writer.written() > 0 {
                // The server does not do ranges: it sends everything again.
                output = File::create(part).map_err(|error| HubError::io("create", part, error))?;
                writer = HashingWriter::new(&output);
            }
            check_length(&response, file, writer.written())?;
            if observer(Event::Received { bytes: writer.written(), of: file.size }).is_break() {
                return Err(HubError::Cancelled);
            }
            let reason = match copy(&mut response.body_mut().as_reader(), &mut writer, (file, part), observer) {
                Ok(()) => "closed by the server".to_owned(),
                Err(CopyError::Read(error)) => error.to_string(),
                Err(CopyError::Final(error)) => return Err(error),
            };
            let received = writer.written();
            if received < file.size {
                return Err(HubError::Interrupted { received, expected: file.size, reason });
            }
        }
        verify(writer, (file, part))
    }

    /// Asks for the bytes from `start` on. The answer has status 200 (everything) or 206 (from `start` on).
    fn get(&self, url: &str, start: u64) -> Result<Response<Body>, HubError> {
        let fail = |reason: String| HubError::Http { url: url.to_owned(), reason };
        let mut request = self.agent.get(url);
        if start > 0 {
            request = request.header("Range", format!("bytes={start}-"));
        }
        let response = request.call().map_err(|error| fail(error.to_string()))?;
        let range = response.headers().get("Content-Range").and_then(|value| value.to_str().ok());
        match response.status().as_u16() {
            200 => Ok(response),
            206 if range.is_some_and(|range| range.starts_with(&format!("bytes {start}-"))) => Ok(response),
            206 => Err(fail(format!("asked for the bytes from {start} on, but it sent {}", range.unwrap_or("others")))),
            _ => Err(fail(format!("the server answered {}", response.status()))),
        }
    }
}

/// Refuses an answer whose announced length is not the rest of the file, before anything is written.
fn check_length(response: &Response<Body>, file: &CatalogueFile, start: u64) -> Result<(), HubError> {
    match response.body().content_length() {
        Some(length) if start.saturating_add(length) != file.size => {
            let found = start.saturating_add(length);
            Err(HubError::Size { file: file.name.clone(), expected: file.size, found })
        }
        _ => Ok(()),
    }
}
