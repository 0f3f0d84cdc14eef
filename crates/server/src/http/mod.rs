//! The socket: who may ask, how much, and how errors look.

mod bodies;
mod connections;
mod document;
mod extract;
mod guard;
mod headers;
mod rate;
mod reply;
mod services;
#[cfg(test)]
mod tests;

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future;
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Assistant, ServerError,
    assistant::{self, MOST_IMPORT_BYTES},
    engine::Backend,
    metrics, openai, voice, web,
};

use connections::Limits;
pub(crate) use connections::rest_after;
pub(crate) use extract::{Body, Id, Query, Whole, present};
pub(crate) use reply::{ErrorBody, Failure, Json};
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

impl ServerOptions {
    /// The options, unless others could reach a server that has no token.
    ///
    /// # Errors
    /// [`ServerError::NoToken`].
    pub fn check(&self) -> Result<&Self, ServerError> {
        let address = self.address;
        if address.ip().is_loopback() || self.token.is_some() {
            Ok(self)
        } else {
            Err(ServerError::NoToken { address })
        }
    }
}

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    router: Router,
    metrics: PrometheusHandle,
    assistant: Arc<Assistant>,
}

impl Server {
    /// Listens; connections wait until [`Server::run`].
    ///
    /// # Errors
    /// [`ServerError::NoToken`] and [`ServerError::Listen`].
    pub async fn bind(services: Services, options: ServerOptions) -> Result<Self, ServerError> {
        let address = options.check()?.address;
        let listener = TcpListener::bind(address).await.map_err(|source| ServerError::Listen { address, source })?;
        let guard = Arc::new(guard::Guard::new(&options));
        let assistant = services.assistant.clone();
        let (router, document) = routes().split_for_parts();
        let paths: Arc<[String]> = document.paths.paths.keys().cloned().collect();
        let document = document::text(&document);
        let metrics = metrics::install()?;
        let router = router
            .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], document)))
            .layer(Extension(metrics.clone()))
            .merge(web::routes())
            .fallback(unknown)
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .layer(middleware::from_fn_with_state(guard, guard::check))
            .layer(middleware::from_fn(headers::secure))
            .layer(middleware::from_fn_with_state(paths, count))
            .with_state(services);
        Ok(Self { listener, router, metrics, assistant })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> Result<SocketAddr, ServerError> {
        self.listener.local_addr().map_err(ServerError::Serve)
    }

    /// Serves until `stop` is ready; answers in the making are finished then, or marked as interrupted.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { listener, router, metrics, assistant } = self;
        let keeping_up = [tokio::spawn(metrics::keep_up(metrics)), tokio::spawn(assistant.clone().keep_up())];
        let (stopping, stopped) = oneshot::channel();
        let stop = async {
            stop.await;
            // Whoever waits for it is in this function.
            let _ = stopping.send(());
        };
        let draining = async {
            drop(stopped.await);
            assistant.drain().await;
        };
        future::join(connections::serve(listener, router, Limits::DEFAULT, stop), draining).await;
        keeping_up.iter().for_each(JoinHandle::abort);
        assistant.close().await;
    }
}

/// Bytes of a request to `address` at most.
fn most_bytes(address: &Uri) -> usize {
    if address.path() == assistant::IMPORT { MOST_IMPORT_BYTES } else { MOST_BYTES }
}

/// Everything that is answered and documented.
fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .merge(openai::routes())
        .merge(voice::routes())
        .merge(assistant::routes())
        .routes(routes!(health))
        .routes(routes!(measures))
}

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    status: &'static str,
    model: String,
    /// Answers that are made.
    running: usize,
    /// Answers that can be made at the same time; 0 where another server decides.
    parallel: usize,
    /// Requests that wait.
    waiting: usize,
}

/// Whether the model is ready, and how busy it is.
#[utoipa::path(get, path = "/health", tag = "Operation",
    responses((status = 200, description = "It is ready", body = Health), Failure))]
async fn health(State(backend): State<Arc<Backend>>) -> Result<axum::Json<Health>, Failure> {
    let chat = backend.chat()?;
    let occupancy = chat.occupancy();
    Ok(axum::Json(Health {
        status: "ok",
        model: chat.name().to_owned(),
        running: occupancy.running,
        parallel: occupancy.seats,
        waiting: occupancy.waiting,
    }))
}

/// Counts and times, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "Operation", operation_id = "metrics",
    responses((status = 200, description = "Counts and times", body = String, content_type = "text/plain; version=0.0.4")))]
async fn measures(
    State(backend): State<Arc<Backend>>,
    Extension(handle): Extension<PrometheusHandle>,
) -> impl IntoResponse {
    if let Ok(chat) = backend.chat() {
        metrics::occupied(chat.occupancy());
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
}

/// Counts what was asked, and how it was answered.
async fn count(State(paths): State<Arc<[String]>>, request: Request, next: Next) -> Response {
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let asked = parts(request.uri().path());
    let is_asked = |path: &&String| {
        let known = parts(path);
        known.len() == asked.len()
            && known.iter().zip(&asked).all(|(known, asked)| known == asked || known.starts_with('{'))
    };
    let (method, path) = (request.method().clone(), paths.iter().find(is_asked));
    let response = next.run(request).await;
    metrics::request(&method, path.map(String::as_str), response.status());
    response
}

async fn unknown(request: Request) -> Failure {
    Failure::not_found(format!("there is no {} {}", request.method(), request.uri().path()))
}
