//! What requests are answered with.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};

use super::Failure;
use crate::{
    Assistant,
    engine::{Backend, Engine},
    voice::Voice,
};

/// What a server offers.
#[derive(Clone)]
pub struct Services {
    /// What answers.
    pub backend: Arc<Backend>,
    /// What keeps conversations, and has them answered.
    pub assistant: Arc<Assistant>,
    /// What hears and speaks.
    pub voice: Arc<Voice>,
}

impl FromRef<Services> for Arc<Backend> {
    fn from_ref(services: &Services) -> Self {
        services.backend.clone()
    }
}

impl FromRef<Services> for Arc<Assistant> {
    fn from_ref(services: &Services) -> Self {
        services.assistant.clone()
    }
}

impl FromRef<Services> for Arc<Voice> {
    fn from_ref(services: &Services) -> Self {
        services.voice.clone()
    }
}

/// The model in this process; a request that needs it is turned away while it is not there.
pub struct Loaded(pub Arc<Engine>);

impl FromRequestParts<Services> for Loaded {
    type Rejection = Failure;

    async fn from_request_parts(_: &mut Parts, services: &Services) -> Result<Self, Failure> {
        Ok(Self(services.backend.engine()?))
    }
}
