//! The socket: who may ask, how much, and how errors look.

mod bodies;
mod connections;
mod document;
mod guard;
mod headers;
mod rate;
mod reply;
mod services;

use std::{future::Future, net::SocketAddr, sync::Arc};

use axum::{
    Extension, Router,
    extract::{DefaultBodyLimit, Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ServerError, engine::Backend, metrics, openai, web};

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
    metrics: PrometheusHandle,
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
        Ok(Self { listener, router, metrics })
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
        let upkeep = tokio::spawn(metrics::keep_up(self.metrics));
        connections::serve(self.listener, self.router, Limits::DEFAULT, stop).await;
        upkeep.abort();
    }
}

/// Everything that is answered and documented.
fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::with_openapi(document::Document::openapi())
        .merge(openai::routes())
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
