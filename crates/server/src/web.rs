//! The web page: what `web/src` was built into, as a part of the program.

use std::{collections::HashMap, sync::LazyLock};

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::Embed;
use sha2::{Digest, Sha256};

use crate::http::Failure;

#[derive(Embed)]
#[folder = "web/dist"]
struct Built;

/// All files by their names. Requests look in this table and nowhere else, in debug builds too, where the files are read
/// from the source tree when the table is made.
static FILES: LazyLock<HashMap<String, File>> =
    LazyLock::new(|| Built::iter().filter_map(|name| Some((name.to_string(), File::read(&name)?))).collect());

struct File {
    body: Bytes,
    content_type: HeaderValue,
    etag: HeaderValue,
}

impl File {
    fn read(name: &str) -> Option<Self> {
        let file = Built::get(name)?;
        let kind = file.metadata.mimetype();
        let charset = if kind.starts_with("text/") { "; charset=utf-8" } else { "" };
        let digest: String = Sha256::digest(&file.data)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Self {
            content_type: HeaderValue::from_str(&format!("{kind}{charset}")).ok()?,
            etag: HeaderValue::from_str(&format!("\"{digest}\"")).ok()?,
            body: Bytes::from(file.data.into_owned()),
        })
    }
}

/// The page at `/`, and what it is made of below `/assets/`.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(page)).route("/assets/{name}", get(asset))
}

/// Whether this is an address of the page, which is no secret: it asks for the token itself.
pub fn is_page(address: &Uri) -> bool {
    address.path() == "/" || address.path().starts_with("/assets/")
}

/// A browser asks each time whether the page is still the same.
async fn page(headers: HeaderMap) -> Response {
    answer("index.html", &headers, "no-cache")
}

/// Names hold a digest of what is in the file, so that it never changes.
async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    answer(&format!("assets/{name}"), &headers, "public, max-age=31536000, immutable")
}

fn answer(name: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let Some(file) = FILES.get(name) else {
        return Failure::not_found(format!("the page has no file {name:?}")).into_response();
    };
    let about = [(header::ETAG, file.etag.clone()), (header::CACHE_CONTROL, HeaderValue::from_static(caching))];
    if headers.get(header::IF_NONE_MATCH) == Some(&file.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(header::CONTENT_TYPE, file.content_type.clone())], file.body.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{
        body::{Body, to_bytes},
        http::Request,
    };
    use tower::ServiceExt;

    use super::*;

    fn get(path: &str, known: Option<&HeaderValue>) -> axum::http::Response<String> {
        let mut request = Request::get(path);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let response = routes().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
            let (head, body) = response.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            axum::http::Response::from_parts(head, String::from_utf8_lossy(&body).into_owned())
        })
    }

    #[test]
    fn the_page_names_files_that_are_there() {
        let response = get("/", None);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
        let named: Vec<&str> = response.body().split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert!(named.len() >= 3, "{}", response.body());
        for path in named {
            let response = get(path, None);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert!(response.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        }
    }

    #[test]
    fn files_have_the_types_that_browsers_want() {
        for (ending, kind) in [
            (".js", "text/javascript; charset=utf-8"),
            (".css", "text/css; charset=utf-8"),
            (".svg", "image/svg+xml"),
            (".woff2", "font/woff2"),
            (".txt", "text/plain; charset=utf-8"),
        ] {
            let (name, file) = FILES.iter().find(|(name, _)| name.ends_with(ending)).expect(ending);
            assert_eq!(file.content_type, kind, "{name}");
        }
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let tag = get("/", None).headers()[header::ETAG].clone();
        let again = get("/", Some(&tag));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.body(), "");
        assert_eq!(get("/", Some(&HeaderValue::from_static("\"other\""))).status(), StatusCode::OK);
    }

    #[test]
    fn no_path_leads_to_the_file_system() {
        for path in [
            "/assets/..%2findex.html",
            "/assets/%2e%2e%2f..%2fCargo.toml",
            "/assets/../index.html",
            "/assets/%2fetc%2fpasswd",
            "/assets/..%5c..%5cCargo.toml",
            "/assets/index.html%00",
            "/assets/",
            "/assets/a/b",
            "/index.html",
        ] {
            assert_eq!(get(path, None).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn only_the_page_needs_no_token() {
        for path in ["/", "/assets/x.js"] {
            assert!(is_page(&path.parse().unwrap()), "{path}");
        }
        for path in ["/api/status", "/v1/models", "/assets", "//", "/health", "/Assets/x.js"] {
            assert!(!is_page(&path.parse().unwrap()), "{path}");
        }
    }
}
