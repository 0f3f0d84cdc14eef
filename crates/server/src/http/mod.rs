//! The socket: who may ask, how much, and how errors look.

mod bodies;
mod connections;
mod guard;
mod headers;
mod rate;
mod reply;
mod services;

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    middleware,
    routing::get,
};
use tokio::net::TcpListener;

use crate::{ServerError, engine::Backend, openai, web};

use connections::Limits;
pub(crate) use reply::{Failure, Json};
pub(crate) use services::Loaded;
pub use services::Services;

/// Bytes of a request at most: a context of 128k tokens in JSON is about half a megabyte.
const MOST_BYTES: usize = 8 << 20;

/// Where to listen and whom to answer.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The address; port 0 for one that is free.
    pub address: SocketAddr,
    /// What clients have to send as `Authorization: Bearer …`. Needed on any address but those of this machine itself.
    pub token: Option<String>,
    /// Pages of other origins that may ask, such as `http://localhost:3000`.
    pub allowed_origins: Vec<String>,
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    router: Router,
}

impl Server {
    /// Listens; connections wait until [`Server::run`].
    ///
    /// # Errors
    /// [`ServerError::NoToken`] and [`ServerError::Listen`].
    pub async fn bind(services: Services, options: ServerOptions) -> Result<Self, ServerError> {
        let address = options.address;
        if !address.ip().is_loopback() && options.token.is_none() {
            return Err(ServerError::NoToken { address });
        }
        let listener = TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })?;
        let guard = Arc::new(guard::Guard::new(&options));
        let router = openai::routes()
            .merge(web::routes())
            .route("/health", get(health))
            .fallback(unknown)
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .layer(middleware::from_fn_with_state(guard, guard::check))
            .layer(middleware::from_fn(headers::secure))
            .with_state(services);
        Ok(Self { listener, router })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        self.listener.local_addr().map_err(ServerError::Serve)
    }

    /// Serves until `stop` is ready; answers in the making are finished then.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        connections::serve(self.listener, self.router, Limits::DEFAULT, stop).await;
    }
}

/// Whether the model is ready, and how busy it is.
async fn health(State(backend): State<Arc<Backend>>) -> Result<axum::Json<serde_json::Value>, Failure> {
    let chat = backend.chat()?;
    let occupancy = chat.occupancy();
    Ok(axum::Json(serde_json::json!({
        "status": "ok",
        "model": chat.name(),
        "running": occupancy.running,
        "parallel": occupancy.seats,
        "waiting": occupancy.waiting,
    })))
}

async fn unknown(request: axum::extract::Request) -> Failure {
    Failure::not_found(format!("there is no {} {}", request.method(), request.uri().path()))
}
