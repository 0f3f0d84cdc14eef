//! What answers, from the start of the server on: first it is loaded, then it is ready, or has failed.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{ChatModel, Engine};
use crate::ServerError;

/// What answers, or will.
pub struct Backend {
    name: String,
    state: watch::Sender<State>,
    /// Whether somebody follows how far it is.
    is_watched: AtomicBool,
}

#[derive(Default)]
struct State {
    phase: Phase,
    step: Option<String>,
    notices: Vec<String>,
    package: Option<String>,
    error: Option<String>,
    chat: Option<Arc<dyn ChatModel>>,
    engine: Option<Arc<Engine>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Phase {
    #[default]
    Loading,
    Ready,
    Failed,
}

/// How far the model is, as `/api/status` says it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ModelStatus {
    name: String,
    state: Phase,
    /// File name of the package that runs.
    package: Option<String>,
    /// What loading does now.
    step: Option<String>,
    /// What is worth knowing about how it was loaded.
    notices: Vec<String>,
    /// Why it cannot be used.
    error: Option<String>,
    /// Tokens of a conversation at most.
    context: Option<usize>,
}

impl Backend {
    /// A model called `name` that is being loaded.
    pub fn loading(name: impl Into<String>) -> Self {
        Self { name: name.into(), state: watch::Sender::default(), is_watched: AtomicBool::new(false) }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What answers is called, or will be as far as is known.
    pub fn chat_name(&self) -> String {
        self.chat().map_or_else(|_| self.name.clone(), |chat| chat.name().to_owned())
    }

    /// Tells what loading does now.
    pub fn set_step(&self, step: impl Into<String>) {
        self.state.send_if_modified(|state| {
            let is_loading = state.phase == Phase::Loading;
            state.step = is_loading.then(|| step.into());
            is_loading
        });
    }

    /// Tells something about how the model was loaded.
    pub fn add_notice(&self, notice: impl Into<String>) {
        self.state.send_modify(|state| state.notices.push(notice.into()));
    }

    /// The model in this process is loaded, from the package of this file name.
    pub fn set_engine(&self, engine: Arc<Engine>, package: impl Into<String>) {
        self.state.send_modify(|state| {
            (state.phase, state.step) = (Phase::Ready, None);
            state.package = Some(package.into());
            state.chat = Some(engine.clone());
            state.engine = Some(engine);
        });
    }

    /// A model elsewhere answers.
    pub fn set_remote(&self, chat: Arc<dyn ChatModel>) {
        self.state.send_modify(|state| {
            (state.phase, state.step) = (Phase::Ready, None);
            state.chat = Some(chat);
        });
    }

    /// The model cannot be used.
    pub fn fail(&self, error: impl Into<String>) {
        self.state.send_modify(|state| {
            (state.phase, state.step) = (Phase::Failed, None);
            state.error = Some(error.into());
        });
    }

    /// How far it is.
    pub fn status(&self) -> ModelStatus {
        self.is_watched.store(true, Ordering::Relaxed);
        let state = self.state.borrow();
        ModelStatus {
            name: state.chat.as_ref().map_or(&*self.name, |chat| chat.name()).to_owned(),
            state: state.phase,
            package: state.package.clone(),
            step: state.step.clone(),
            notices: state.notices.clone(),
            error: state.error.clone(),
            context: state.chat.as_ref().and_then(|chat| chat.context()),
        }
    }

    /// Whether the model cannot be used, and nobody follows how far it is who could read that.
    pub fn has_failed_unseen(&self) -> bool {
        self.state.borrow().phase == Phase::Failed && !self.is_watched.load(Ordering::Relaxed)
    }

    /// What answers conversations.
    ///
    /// # Errors
    /// It is not loaded yet, or cannot be used.
    pub fn chat(&self) -> Result<Arc<dyn ChatModel>, ServerError> {
        let state = self.state.borrow();
        state.chat.clone().ok_or_else(|| self.why_not(&state))
    }

    /// The same, waited for.
    ///
    /// # Errors
    /// It cannot be used.
    pub async fn wait(&self) -> Result<Arc<dyn ChatModel>, ServerError> {
        // The sender is in `self`, so that there is always a state to come.
        let _ = self.state.subscribe().wait_for(|state| state.phase != Phase::Loading).await;
        self.chat()
    }

    /// The model in this process, whose tokens can be asked for.
    ///
    /// # Errors
    /// It is not loaded yet, cannot be used, or is elsewhere.
    pub fn engine(&self) -> Result<Arc<Engine>, ServerError> {
        let state = self.state.borrow();
        state.engine.clone().ok_or_else(|| self.why_not(&state))
    }

    fn why_not(&self, state: &State) -> ServerError {
        let name = self.name.clone();
        match (&state.error, state.phase) {
            (Some(reason), _) => ServerError::Unusable { name, reason: reason.clone() },
            (None, Phase::Ready) => ServerError::Elsewhere { name },
            (None, _) => ServerError::Loading { name },
        }
    }
}
