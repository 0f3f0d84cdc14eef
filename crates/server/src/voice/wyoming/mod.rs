//! Wyoming, the protocol by which Home Assistant reaches what hears, speaks and answers: events over TCP.
//!
//! `codec` makes events of bytes and bytes of events, `request` reads what they ask, `connection` is the socket, `session` does
//! what is asked. After an error the connection is closed: what would follow has lost its beginning.
//!
//! The protocol knows no password, and no browser speaks it by accident: what a page can make a browser send begins with an
//! HTTP request, which is no event.

pub mod codec;
mod connection;
mod conversations;
mod info;
mod request;
mod session;

use std::{net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use futures_util::future::{self, Either};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use crate::{
    ServerError,
    http::{Services, rest_after},
};
use connection::{Connection, Ending, SILENCE};
use conversations::Conversations;
use request::Request;
use session::Session;

/// Connections at the same time; more are closed at once.
const MOST_CONNECTIONS: usize = 16;

/// Where to listen.
#[derive(Clone, Copy, Debug)]
pub struct WyomingOptions {
    /// The address; port 0 for one that is free.
    pub address: SocketAddr,
    /// Whoever reaches the address may use it, without a password.
    pub open_to_all: bool,
}

impl WyomingOptions {
    /// The options, unless others could reach the server and nobody said that they may.
    ///
    /// # Errors
    /// [`ServerError::NoAuthentication`].
    pub fn check(&self) -> Result<&Self, ServerError> {
        if self.address.ip().is_loopback() || self.open_to_all {
            Ok(self)
        } else {
            Err(ServerError::NoAuthentication { address: self.address })
        }
    }
}

/// A server that listens.
pub struct Wyoming {
    listener: TcpListener,
    services: Services,
}

impl Wyoming {
    /// Listens; connections wait until [`Wyoming::run`].
    ///
    /// # Errors
    /// [`ServerError::NoAuthentication`] and [`ServerError::Listen`].
    pub async fn bind(services: Services, options: WyomingOptions) -> Result<Self, ServerError> {
        let address = options.check()?.address;
        let listener = TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })?;
        Ok(Self { listener, services })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        self.listener.local_addr().map_err(ServerError::Serve)
    }

    /// Serves until `stop` is ready; what is being made then is left.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, services } = self;
        let conversations = Arc::new(Conversations::default());
        let session = |stream| serve(stream, Session::new(services.clone(), conversations.clone()), SILENCE);
        accept(&listener, session, stop).await;
    }
}

/// Serves connections, each by a task of its own, until `stop` is ready.
async fn accept<S: Future<Output = ()> + Send + 'static>(
    listener: &TcpListener,
    session: impl Fn(TcpStream) -> S,
    stop: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut sessions = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        while sessions.try_join_next().is_some() {}
        let accepted = match future::select(stop.as_mut(), pin!(listener.accept())).await {
            Either::Left(_) => return,
            Either::Right((accepted, _)) => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let Ok(place) = places.clone().try_acquire_owned() else { continue };
                let session = session(stream);
                sessions.spawn(async move {
                    session.await;
                    drop(place);
                });
            }
            Err(error) => rest_after(&error).await,
        }
    }
}

/// Serves a connection to its end.
async fn serve(stream: TcpStream, mut session: Session, silence: Duration) {
    let mut connection = Connection::new(stream, silence);
    loop {
        let done = async {
            let event = connection.receive().await?;
            session.answer(&mut connection, Request::read(&event)?).await
        };
        match done.await {
            Ok(()) => {}
            Err(Ending::Left) => return,
            Err(Ending::Failed(error)) => return connection.fail(&error).await,
        }
    }
}

#[cfg(test)]
mod tests;
