//! Who may ask. A page of another site must not reach a server of this machine, neither with a request of its own
//! (`Origin`) nor under a name that it made point here (DNS rebinding: `Host`). And how much: what is announced as too large
//! is not waited for, and nobody asks or guesses tokens faster than a person's programs would.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use super::{Failure, ServerOptions, connections::Source, most_bytes, rate::Rate};
use crate::web;

/// What a request is checked against.
pub struct Guard {
    /// Whether only this machine can reach the server, so that it must be called by one of this machine's names.
    loopback: bool,
    /// Digest of the token: comparing digests tells nothing of how much of a guess was right.
    token: Option<[u8; 32]>,
    allowed_origins: Vec<String>,
    requests: Rate,
    wrong_tokens: Rate,
}

impl Guard {
    pub fn new(options: &ServerOptions) -> Self {
        Self {
            loopback: options.address.ip().is_loopback(),
            token: options.token.as_deref().map(digest),
            allowed_origins: options.allowed_origins.clone(),
            requests: Rate::new(1000, Duration::from_millis(5)),
            wrong_tokens: Rate::new(10, Duration::from_secs(6)),
        }
    }

    fn check(&self, address: &Uri, headers: &HeaderMap, source: Source, now: Instant) -> Result<(), Failure> {
        self.requests.take(source, now).map_err(|wait| Failure::too_often("too many requests", wait))?;
        let host = text(headers, header::HOST).unwrap_or_default();
        if self.loopback && !is_local(host) {
            return Err(Failure::new(
                StatusCode::FORBIDDEN,
                format!("the host {host:?} is not this machine; call it localhost or 127.0.0.1"),
            ));
        }
        if let Some(origin) = text(headers, header::ORIGIN)
            && !self.allowed_origins.iter().any(|allowed| allowed == origin)
            && origin.strip_prefix("http://") != Some(host)
        {
            return Err(Failure::new(
                StatusCode::FORBIDDEN,
                format!("pages of {origin:?} may not use this server; allow them with --allow-origin"),
            ));
        }
        let length = text(headers, header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        let most = most_bytes(address);
        if let Some(length) = length.filter(|&length| length > most as u64) {
            let message = format!("a request of {length} bytes, at most {most}");
            return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        let Some(token) = self.token.filter(|_| !web::is_page(address)) else { return Ok(()) };
        // Whoever guesses learns nothing any more, not even of a right one.
        self.wrong_tokens.allows(source, now).map_err(|wait| Failure::too_often("too many wrong tokens", wait))?;
        let given = text(headers, header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
        let given = given.or_else(|| token_among_protocols(headers));
        match given {
            Some(given) if digest(given) == token => Ok(()),
            Some(_) => {
                let _ = self.wrong_tokens.take(source, now);
                Err(Failure::unauthorized("the token is not the server's"))
            }
            None => Err(Failure::unauthorized("send the server's token as Authorization: Bearer TOKEN")),
        }
    }
}

/// Lets a request through or answers it.
pub async fn check(
    State(guard): State<Arc<Guard>>,
    Extension(source): Extension<Source>,
    request: Request,
    next: Next,
) -> Response {
    match guard.check(request.uri(), request.headers(), source, Instant::now()) {
        Ok(()) => next.run(request).await,
        Err(failure) => failure.into_response(),
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Browsers let a page choose the protocols of a WebSocket, but no header: OpenAI's clients send the token among them.
fn token_among_protocols(headers: &HeaderMap) -> Option<&str> {
    let mut protocols = text(headers, header::SEC_WEBSOCKET_PROTOCOL)?.split(',');
    protocols.find_map(|protocol| protocol.trim().strip_prefix("openai-insecure-api-key."))
}

/// Whether `host`, as a client sends it, names this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn guard(address: &str, token: Option<&str>) -> Guard {
        Guard::new(&ServerOptions {
            address: address.parse().unwrap(),
            token: token.map(str::to_owned),
            allowed_origins: vec!["http://localhost:3000".to_owned()],
        })
    }

    fn status(guard: &Guard, headers: &[(HeaderName, &str)]) -> StatusCode {
        status_from(guard, "192.0.2.2", Instant::now(), headers)
    }

    fn status_from(guard: &Guard, source: &str, now: Instant, headers: &[(HeaderName, &str)]) -> StatusCode {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        let source = source.parse::<IpAddr>().unwrap().into();
        let address = Uri::from_static("/v1/models");
        guard.check(&address, &headers, source, now).map_or_else(|failure| failure.status(), |()| StatusCode::OK)
    }

    #[test]
    fn only_names_of_this_machine_reach_a_local_server() {
        let guard = guard("127.0.0.1:8080", None);
        for host in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "[::1]"] {
            assert_eq!(status(&guard, &[(header::HOST, host)]), StatusCode::OK, "{host}");
        }
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", ""] {
            assert_eq!(status(&guard, &[(header::HOST, host)]), StatusCode::FORBIDDEN, "{host}");
        }
        assert_eq!(status(&guard, &[]), StatusCode::FORBIDDEN);
    }

    #[test]
    fn pages_of_other_sites_are_turned_away() {
        let guard = guard("127.0.0.1:8080", None);
        let from = |origin| status(&guard, &[(header::HOST, "localhost:8080"), (header::ORIGIN, origin)]);
        assert_eq!(from("http://localhost:8080"), StatusCode::OK);
        assert_eq!(from("http://localhost:3000"), StatusCode::OK);
        for origin in ["http://evil.example", "https://localhost:8080", "http://localhost:8081", "null"] {
            assert_eq!(from(origin), StatusCode::FORBIDDEN, "{origin}");
        }
    }

    #[test]
    fn a_token_has_to_be_sent_whole() {
        let guard = guard("192.0.2.1:8080", Some("secret"));
        let with = |value| status(&guard, &[(header::AUTHORIZATION, value)]);
        assert_eq!(with("Bearer secret"), StatusCode::OK);
        for value in ["Bearer secre", "Bearer secrets", "secret", "Basic secret", "Bearer "] {
            assert_eq!(with(value), StatusCode::UNAUTHORIZED, "{value}");
        }
        assert_eq!(status(&guard, &[]), StatusCode::UNAUTHORIZED);
        let source = IpAddr::from([192, 0, 2, 2]).into();
        assert!(
            guard.check(&Uri::from_static("/"), &HeaderMap::new(), source, Instant::now()).is_ok(),
            "the page asks for the token itself"
        );
    }

    #[test]
    fn tokens_cannot_be_guessed_quickly() {
        let (guard, start) = (guard("192.0.2.1:8080", Some("secret")), Instant::now());
        let with = |source, now, token| status_from(&guard, source, now, &[(header::AUTHORIZATION, token)]);
        for _ in 0..10 {
            assert_eq!(with("192.0.2.2", start, "Bearer guess"), StatusCode::UNAUTHORIZED);
        }
        assert_eq!(with("192.0.2.2", start, "Bearer guess"), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(with("192.0.2.2", start, "Bearer secret"), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(with("192.0.2.3", start, "Bearer secret"), StatusCode::OK);
        assert_eq!(with("192.0.2.2", start + Duration::from_secs(6), "Bearer secret"), StatusCode::OK);
    }

    #[test]
    fn nobody_asks_too_often() {
        let (guard, start) = (guard("127.0.0.1:8080", None), Instant::now());
        let from = |source, now| status_from(&guard, source, now, &[(header::HOST, "localhost")]);
        let answered = (0..2000).filter(|_| from("127.0.0.1", start) == StatusCode::OK).count();
        assert_eq!(answered, 1000);
        assert_eq!(from("127.0.0.1", start), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(from("127.0.0.1", start + Duration::from_millis(5)), StatusCode::OK);
    }
}
