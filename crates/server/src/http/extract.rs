//! Parts of requests, read so that what does not fit is told in OpenAI's shape.

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use uuid::Uuid;

use super::{
    Failure,
    bodies::{self, WholeBody},
};

/// A request in JSON, whatever content type it claims.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = bodies::read(request, state).await?;
        let mut json = serde_json::Deserializer::from_slice(&body.bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            match path.as_str() {
                "." => Failure::new(StatusCode::BAD_REQUEST, error.inner().to_string()),
                _ => Failure::invalid(path, error.inner().to_string()),
            }
        })?;
        json.end().map_err(|error| Failure::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        Ok(Self(value))
    }
}

/// What follows the question mark of an address.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = axum::extract::Query::try_from_uri(&parts.uri)
            .map_err(|error| Failure::new(StatusCode::BAD_REQUEST, error.body_text()))?;
        Ok(Self(query.0))
    }
}

/// The identifier in an address.
pub struct Id(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let not_found = |_| Failure::not_found(format!("there is no {}", parts.uri.path()));
        let id = Path::<Uuid>::from_request_parts(&mut parts.clone(), state).await;
        id.map(|Path(id)| Self(id)).map_err(not_found)
    }
}

/// For a member whose `null` says something else than its absence.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A request of any kind, whole.
pub struct Whole(pub WholeBody);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        Ok(Self(bodies::read(request, state).await?))
    }
}
