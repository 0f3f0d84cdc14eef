//! A server whose model is not there yet, and then fails.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{StatusCode, header},
};
use serde_json::{Value, json};
use sottovoce_history::{Location, Purpose, open};
use tower::ServiceExt;

use super::{Server, ServerOptions, Services, connections::Source};
use crate::{Assistant, engine::Backend, voice::Voice};

async fn server(folder: &std::path::Path, backend: Arc<Backend>) -> Server {
    let history = open(&Location::File(folder.join("history.sqlite")), Purpose::Serve).await.unwrap();
    let assistant = Arc::new(Assistant::new(history, backend.clone()));
    let options = ServerOptions { address: "127.0.0.1:0".parse().unwrap(), token: None, allowed_origins: Vec::new() };
    let voice = Arc::new(Voice::missing("these tests are silent"));
    Server::bind(Services { backend, assistant, voice }, options).await.unwrap()
}

/// Status, and body: JSON, or text.
async fn call(server: &Server, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let body = if body.is_null() { Body::empty() } else { body.to_string().into() };
    let request = Request::builder().method(method).uri(path).header(header::HOST, "localhost");
    let request = request.extension(Source::from(IpAddr::from([127, 0, 0, 1]))).body(body).unwrap();
    let response = server.router.clone().oneshot(request).await.unwrap();
    assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{method} {path}");
    let status = response.status();
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

#[tokio::test]
async fn it_listens_and_keeps_questions_while_the_model_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let backend = Arc::new(Backend::loading("smollm2"));
    let server = server(folder.path(), backend.clone()).await;
    let get = async |path| call(&server, "GET", path, Value::Null).await;

    backend.set_step("fetching: 43 %");
    backend.add_notice("4-bit package missing, using f16");
    let (status, body) = get("/v1/models").await;
    assert_eq!((status, &body["error"]["code"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("model_loading")));
    assert_eq!(get("/health").await.0, StatusCode::SERVICE_UNAVAILABLE);
    let (status, body) = get("/api/status").await;
    let expected = json!({ "name": "smollm2", "state": "loading", "package": null, "step": "fetching: 43 %",
        "notices": ["4-bit package missing, using f16"], "error": null, "context": null });
    assert_eq!((status, &body["model"]), (StatusCode::OK, &expected));
    assert_eq!(get("/").await.0, StatusCode::OK);

    // A question waits for the model, which does not come.
    let (_, conversation) = call(&server, "POST", "/api/conversations", json!({})).await;
    let messages = format!("/api/conversations/{}/messages", conversation["id"].as_str().unwrap());
    let (status, asked) = call(&server, "POST", &messages, json!({ "text": "Hello?" })).await;
    assert_eq!(status, StatusCode::CREATED, "{asked}");
    backend.fail("the file is damaged");
    let events = format!("/api/messages/{}/events", asked["answer"]["id"].as_str().unwrap());
    let (_, events) = get(&events).await;
    let events = events.as_str().unwrap();
    assert!(
        events.contains("event: error") && events.contains("smollm2 cannot be used: the file is damaged"),
        "{events}"
    );
    assert!(events.contains("event: done") && events.contains("\"interrupted\""), "{events}");
    let (status, body) = call(&server, "POST", &messages, json!({ "text": "Hello?" })).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
    let (_, status) = get("/api/status").await;
    assert_eq!(
        (&status["model"]["state"], &status["model"]["error"]),
        (&json!("failed"), &json!("the file is damaged"))
    );
}

#[test]
fn a_failure_that_nobody_follows_is_told_apart() {
    let backend = Backend::loading("smollm2");
    assert!(!backend.has_failed_unseen());
    backend.fail("gone");
    assert!(backend.has_failed_unseen());
    backend.status();
    assert!(!backend.has_failed_unseen());
}
