//! What the server hears and speaks with, and the interfaces to it: files of speech (`transcriptions`, `speech`),
//! conversations (`realtime`), and all of it for Home Assistant ([`wyoming`]).

mod pool;
mod realtime;
mod sound;
mod speech;
mod transcriptions;
pub mod wyoming;

use std::{
    ops::ControlFlow,
    sync::{Arc, PoisonError, RwLock},
};

use serde::Serialize;
use sottovoce_voice::{EndOfTurn, Manner, Recognizer, Synthesizer, VoiceActivity, VoiceError};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{ServerError, http::Services};

pub use pool::{Make, Pool};
use sound::Converter;

/// Samples a second of PCM in OpenAI's interface.
const PCM_RATE: u32 = 24_000;

/// The interfaces' routes.
pub fn routes() -> OpenApiRouter<Services> {
    OpenApiRouter::new()
        .routes(routes!(transcriptions::create))
        .routes(routes!(speech::create))
        .routes(routes!(realtime::connect))
}

/// The parts that hear and speak.
pub struct SpeechParts {
    /// Makes what hears that somebody speaks; every stream has its own.
    pub activity: Make<dyn VoiceActivity>,
    /// Hear that somebody has finished.
    pub ends_of_turns: Pool<dyn EndOfTurn>,
    /// Hear what was said.
    pub recognizers: Pool<dyn Recognizer>,
    /// Say something.
    pub synthesizers: Pool<dyn Synthesizer>,
    /// The names of their voices.
    pub voices: Vec<String>,
}

impl SpeechParts {
    /// The manner that a client asks for by a voice's name; OpenAI's own names mean the first voice.
    fn manner(&self, voice: Option<&str>, speed: f32) -> Result<Manner, VoiceError> {
        const OPENAI: [&str; 14] = [
            "alloy", "ash", "ballad", "cedar", "coral", "default", "echo", "fable", "marin", "nova", "onyx", "sage",
            "shimmer", "verse",
        ];
        let voice = voice.filter(|voice| self.voices.iter().any(|known| known == voice) || !OPENAI.contains(voice));
        let manner = Manner { voice: voice.map(str::to_owned), speed };
        let known: Vec<&str> = self.voices.iter().map(String::as_str).collect();
        manner.check(&known)?;
        Ok(manner)
    }

    /// Says a clause. `sink` gets the sound at [`PCM_RATE`] as it is made, on a thread that may wait; where it breaks, nothing
    /// more is made.
    async fn say(
        &self,
        clause: String,
        manner: Manner,
        mut sink: impl FnMut(Vec<f32>) -> ControlFlow<()> + Send + 'static,
    ) -> Result<(), ServerError> {
        let said = self.synthesizers.run(move |synthesizer| {
            let mut converter = Converter::new(synthesizer.sample_rate(), PCM_RATE);
            synthesizer.synthesize(&clause, &manner, &mut |samples| sink(converter.push(samples)))?;
            let _ = sink(converter.finish());
            Ok(())
        });
        said.await
    }
}

/// The voice of a server: loaded while it listens, ready, or missing.
pub struct Voice(RwLock<State>);

enum State {
    Missing(String),
    /// What loading does now, if that is known.
    Loading(Option<String>),
    Ready(Arc<SpeechParts>),
}

/// How far the voice is, as `/api/status` says it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct VoiceStatus {
    /// `ready`, `loading` or `missing`.
    state: &'static str,
    /// What loading does now.
    step: Option<String>,
    /// Why there is none.
    reason: Option<String>,
    /// Names of the voices.
    voices: Vec<String>,
}

impl Voice {
    /// A voice that is being loaded.
    pub fn loading() -> Self {
        Self(RwLock::new(State::Loading(None)))
    }

    /// No voice, for this reason.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self(RwLock::new(State::Missing(reason.into())))
    }

    /// The voice is loaded.
    pub fn set_ready(&self, parts: SpeechParts) {
        self.set(State::Ready(Arc::new(parts)));
    }

    /// The voice cannot be used.
    pub fn set_missing(&self, reason: impl Into<String>) {
        self.set(State::Missing(reason.into()));
    }

    /// Tells what loading does now.
    pub fn set_step(&self, step: impl Into<String>) {
        // Nothing panics while it holds the lock.
        if let State::Loading(told) = &mut *self.0.write().unwrap_or_else(PoisonError::into_inner) {
            *told = Some(step.into());
        }
    }

    fn set(&self, state: State) {
        // Nothing panics while it holds the lock.
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// How far it is.
    pub fn status(&self) -> VoiceStatus {
        let none = |state| VoiceStatus { state, step: None, reason: None, voices: Vec::new() };
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Missing(reason) => VoiceStatus { reason: Some(reason.clone()), ..none("missing") },
            State::Loading(step) => VoiceStatus { step: step.clone(), ..none("loading") },
            State::Ready(parts) => VoiceStatus { voices: parts.voices.clone(), ..none("ready") },
        }
    }

    /// The parts, if they are there.
    ///
    /// # Errors
    /// [`ServerError::VoiceLoading`] and [`ServerError::NoVoice`].
    pub fn parts(&self) -> Result<Arc<SpeechParts>, ServerError> {
        match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            State::Missing(reason) => Err(ServerError::NoVoice { reason: reason.clone() }),
            State::Loading(_) => Err(ServerError::VoiceLoading),
            State::Ready(parts) => Ok(parts.clone()),
        }
    }
}
