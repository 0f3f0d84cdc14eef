//! Requests read, and failures told, in OpenAI's shape.

use std::time::Duration;

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use sottovoce_history::HistoryError;
use sottovoce_llm::LlmError;
use sottovoce_voice::VoiceError;
use utoipa::ToSchema;

use super::bodies;
use crate::{ServerError, engine::Busy};

/// When a client that found the server full may try again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a request is not answered.
#[derive(Clone, Debug)]
pub struct Failure {
    status: StatusCode,
    message: String,
    param: Option<String>,
    code: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl Failure {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), param: None, code: None, retry_after: None }
    }

    /// The client may try again after `wait`.
    pub fn too_often(what: &str, wait: Duration) -> Self {
        let message = format!("{what}; try again in a moment");
        Self { retry_after: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    /// The client asked for what cannot be: `param` is at fault.
    pub fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(StatusCode::BAD_REQUEST, message) }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// There is no model of that name.
    pub fn no_model(asked: &str, name: &str) -> Self {
        let message = format!("there is no model {asked:?} here; this server has {name:?}, also called \"default\"");
        Self { param: Some("model".to_owned()), code: Some("model_not_found"), ..Self::not_found(message) }
    }

    /// A response that a client wants to go on from is not there any more, or never was.
    pub fn no_previous_response(id: &str) -> Self {
        let message = format!("there is no response {id:?} to go on from; send the conversation as input");
        Self { code: Some("previous_response_not_found"), ..Self::invalid("previous_response_id", message) }
    }

    /// Something went wrong that is nobody's fault but the server's.
    pub fn internal(error: impl ToString) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }

    /// The same about a parameter that an interface calls by another name: pairs of old and new.
    pub fn renamed(mut self, names: &[(&str, &str)]) -> Self {
        if let Some(param) = &mut self.param
            && let Some((_, new)) = names.iter().find(|(old, _)| old == param)
        {
            *param = (*new).to_owned();
        }
        self
    }

    pub fn unauthorized(message: &str) -> Self {
        Self { code: Some("invalid_api_key"), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    /// What went wrong, in words.
    pub fn message(&self) -> &str {
        &self.message
    }

    #[cfg(test)]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The error object.
    pub fn body(&self) -> ErrorBody {
        let kind = match self.status {
            StatusCode::UNAUTHORIZED => "authentication_error",
            StatusCode::FORBIDDEN => "permission_error",
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        let error = ErrorObject { message: self.message.clone(), kind, param: self.param.clone(), code: self.code };
        ErrorBody { error }
    }
}

/// An error in OpenAI's shape.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    error: ErrorObject,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorObject {
    message: String,
    #[serde(rename = "type")]
    kind: &'static str,
    /// What of the request is at fault.
    param: Option<String>,
    code: Option<&'static str>,
}

impl From<LlmError> for Failure {
    fn from(error: LlmError) -> Self {
        let message = error.to_string();
        match error {
            LlmError::PromptTooLong { .. } => {
                Self { code: Some("context_length_exceeded"), ..Self::invalid("messages", message) }
            }
            LlmError::Option { option, .. } => Self::invalid(option.replace('-', "_"), message),
            LlmError::EmptyPrompt | LlmError::Template(_) => Self::invalid("messages", message),
            LlmError::Grammar { .. } => Self::invalid("response_format", message),
            LlmError::Tools(_) => Self::invalid("tools", message),
            LlmError::IdOutOfRange { .. } => Self::new(StatusCode::BAD_REQUEST, message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl Failure {
    /// What cannot be heard or said is the client's fault where it is about what they sent.
    fn voice(error: &VoiceError, message: String) -> Self {
        match error {
            VoiceError::UnknownVoice { .. } => Self::invalid("voice", message),
            VoiceError::Speed(_) => Self::invalid("speed", message),
            VoiceError::Malformed { .. } | VoiceError::TooLong { .. } => Self::invalid("file", message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl From<Busy> for Failure {
    fn from(Busy: Busy) -> Self {
        Self::too_often("too many requests wait already", RETRY_AFTER)
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        let message = error.to_string();
        match error {
            HistoryError::NoConversation { .. } | HistoryError::NoMessage { .. } => Self::not_found(message),
            HistoryError::NoParent { .. } => Self::invalid("parent", message),
            HistoryError::NotStreaming { .. } => Self::new(StatusCode::CONFLICT, message),
            HistoryError::TooLong { .. } | HistoryError::Import(_) => Self::new(StatusCode::BAD_REQUEST, message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl From<ServerError> for Failure {
    fn from(error: ServerError) -> Self {
        let message = error.to_string();
        match error {
            ServerError::Llm(error) => error.into(),
            ServerError::Busy(busy) => busy.into(),
            ServerError::Loading { .. } => Self {
                code: Some("model_loading"),
                retry_after: Some(RETRY_AFTER),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
            },
            ServerError::VoiceLoading => Self {
                code: Some("voice_loading"),
                retry_after: Some(RETRY_AFTER),
                ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
            },
            ServerError::NoVoice { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, message),
            ServerError::Voice(error) => Self::voice(&error, message),
            ServerError::Unusable { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, message),
            ServerError::Elsewhere { .. } => Self::new(StatusCode::NOT_IMPLEMENTED, message),
            ServerError::TooLong { .. } => {
                Self { code: Some("context_length_exceeded"), ..Self::new(StatusCode::BAD_REQUEST, message) }
            }
            ServerError::Unreachable { .. }
            | ServerError::RefusedKey { .. }
            | ServerError::NoModel { .. }
            | ServerError::Remote { .. } => Self::new(StatusCode::BAD_GATEWAY, message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let extra: Option<(HeaderName, String)> = match (self.status, self.retry_after) {
            (_, Some(wait)) => Some((header::RETRY_AFTER, wait.as_secs_f64().ceil().to_string())),
            (StatusCode::UNAUTHORIZED, None) => Some((header::WWW_AUTHENTICATE, "Bearer".to_owned())),
            _ => None,
        };
        let mut response = (self.status, axum::Json(self.body())).into_response();
        if let Some((name, value)) = extra
            && let Ok(value) = value.parse()
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// A request in JSON, whatever content type it claims, read as two structures that share it. What does not fit is named by
/// its path, and so is what neither of them knows.
pub struct Json<A, B>(pub A, pub B);

/// Members that change nothing here: they are for bookkeeping, caches and data centres of others.
const HARMLESS: [&str; 9] = [
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "store",
    "user",
    "verbosity",
];

impl<A: DeserializeOwned, B: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<A, B> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = bodies::read(request, state).await?;
        let (first, strange) = read(&body.bytes)?;
        let (second, others) = read(&body.bytes)?;
        match strange.iter().find(|name| others.contains(name) && !HARMLESS.contains(&name.as_str())) {
            Some(name) => Err(Failure::invalid(name.clone(), format!("{name} is not supported; leave it out"))),
            None => Ok(Self(first, second)),
        }
    }
}

/// Reads JSON, and tells which of its members were of no use.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, Vec<String>), Failure> {
    let mut strange = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = {
        let mut note = |path: serde_ignored::Path<'_>| {
            if let serde_ignored::Path::Map { parent: serde_ignored::Path::Root, key } = path {
                strange.push(key);
            }
        };
        let json = serde_ignored::Deserializer::new(&mut json, &mut note);
        serde_path_to_error::deserialize(json).map_err(|error| {
            let path = Some(error.path().to_string()).filter(|path| path != ".");
            Failure { param: path, ..Failure::new(StatusCode::BAD_REQUEST, error.inner().to_string()) }
        })?
    };
    json.end().map_err(|error| Failure::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    Ok((value, strange))
}
