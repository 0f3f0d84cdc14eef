//! A socket that gives and takes events, and waits for nobody without end.

use std::{io, time::Duration};

use serde_json::json;
use tokio::{net::TcpStream, time::timeout};

use super::codec::{Decoder, Event};
use crate::ServerError;

/// How long a client may take until an event is whole, from the last one on.
pub const SILENCE: Duration = Duration::from_secs(60);
/// How long it may take nothing of an event that waits to be sent.
const STALL: Duration = Duration::from_secs(30);
/// Bytes that are read at once.
const PIECE: usize = 16 << 10;

/// A client's socket.
pub struct Connection {
    stream: TcpStream,
    decoder: Decoder,
    silence: Duration,
}

/// Why a connection ends.
#[derive(Debug)]
pub enum Ending {
    /// The client is gone, or as good as.
    Left,
    /// What it asked for cannot be done, which it is told.
    Failed(ServerError),
}

impl From<ServerError> for Ending {
    fn from(error: ServerError) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Ending {
    fn from(_: io::Error) -> Self {
        Self::Left
    }
}

impl Connection {
    pub fn new(stream: TcpStream, silence: Duration) -> Self {
        // Pieces of sound are small and must not wait for each other; without the option they are only later.
        drop(stream.set_nodelay(true));
        Self { stream, decoder: Decoder::default(), silence }
    }

    /// The next event.
    pub async fn receive(&mut self) -> Result<Event, Ending> {
        timeout(self.silence, self.next()).await.unwrap_or(Err(Ending::Left))
    }

    async fn next(&mut self) -> Result<Event, Ending> {
        let mut piece = [0; PIECE];
        loop {
            if let Some(event) = self.decoder.next_event()? {
                return Ok(event);
            }
            self.stream.readable().await?;
            match self.stream.try_read(&mut piece) {
                Ok(0) => return Err(Ending::Left),
                Ok(count) => self.decoder.push(&piece[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Sends an event.
    pub async fn send(&mut self, event: &Event) -> Result<(), Ending> {
        let bytes = event.encode();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            timeout(STALL, self.stream.writable()).await.map_err(|_| Ending::Left)??;
            match self.stream.try_write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Tells why nothing more comes. What the client did wrong is its own business; that it has left already may be.
    pub async fn fail(&mut self, error: &ServerError) {
        let code = match error {
            ServerError::Protocol { .. } | ServerError::Voice(_) => "bad-request",
            ServerError::Loading { .. } | ServerError::VoiceLoading | ServerError::Busy(_) => "not-ready",
            _ => "failed",
        };
        drop(self.send(&Event::new("error", json!({ "text": error.to_string(), "code": code }))).await);
    }
}
