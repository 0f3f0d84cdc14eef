//! The crate's one error type.

use std::{net::SocketAddr, path::PathBuf};

use crate::engine::Busy;

/// What keeps a server from starting or going on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The model cannot be used.
    #[error(transparent)]
    Llm(#[from] sottovoce_llm::LlmError),
    /// The model cannot be run for several callers.
    #[error(transparent)]
    Runtime(#[from] sottovoce_runtime::RuntimeError),
    /// Too many requests wait already.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The model is not there yet.
    #[error("{name} is still being loaded; try again in a moment")]
    Loading {
        /// The model.
        name: String,
    },
    /// The model could not be loaded.
    #[error("{name} cannot be used: {reason}")]
    Unusable {
        /// The model.
        name: String,
        /// Why.
        reason: String,
    },
    /// Only a model in this process can do this.
    #[error("{name} runs on another server, which has to be asked for this itself")]
    Elsewhere {
        /// The model.
        name: String,
    },
    /// The server elsewhere does not answer.
    #[error("cannot reach {url}: {reason}; does the server run there?")]
    Unreachable {
        /// Where its interface begins.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The server elsewhere wants another key.
    #[error("{url} refuses the key: {reason}; give the right one in SOTTOVOCE_ENGINE_KEY")]
    RefusedKey {
        /// Where its interface begins.
        url: String,
        /// What it says.
        reason: String,
    },
    /// The server elsewhere does not have the model.
    #[error("{url} has no model {model:?}: {reason}; name another")]
    NoModel {
        /// Where its interface begins.
        url: String,
        /// The model asked for.
        model: String,
        /// What it says.
        reason: String,
    },
    /// A conversation does not fit, even without its older turns.
    #[error("the conversation is too long for the model: {reason}")]
    TooLong {
        /// What the server elsewhere says.
        reason: String,
    },
    /// The server elsewhere failed.
    #[error("{url} failed: {reason}")]
    Remote {
        /// Where its interface begins.
        url: String,
        /// What it says.
        reason: String,
    },
    /// Another part of the program counts in another way.
    #[error("cannot count requests and tokens: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// What is computed of conversations cannot be kept.
    #[error("cannot create {}: {source}", folder.display())]
    States {
        /// The folder for it.
        folder: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another server running? choose another port")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A server that others can reach needs a token.
    #[error(
        "{address} can be reached from other machines: give a token that clients have to send, or listen on 127.0.0.1"
    )]
    NoToken {
        /// The address.
        address: SocketAddr,
    },
    /// A server without a password that others can reach has to be wanted.
    #[error(
        "{address} can be reached from other machines, and Wyoming has no password: listen on 127.0.0.1, or add \
         --wyoming-open-to-all"
    )]
    NoAuthentication {
        /// The address.
        address: SocketAddr,
    },
    /// A client of Wyoming says what it may not.
    #[error("expected {expected}, found {found}")]
    Protocol {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// The server stopped.
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
    /// The speech models are not there yet.
    #[error("the voice is still being loaded; try again in a moment")]
    VoiceLoading,
    /// There are no speech models.
    #[error("this server has no voice: {reason}")]
    NoVoice {
        /// Why.
        reason: String,
    },
    /// Something cannot be heard or said.
    #[error(transparent)]
    Voice(#[from] sottovoce_voice::VoiceError),
    /// Work broke off.
    #[error("the work broke off: {0}")]
    Work(String),
}

impl ServerError {
    pub(crate) fn work_failed(reason: impl ToString) -> Self {
        Self::Work(reason.to_string())
    }
}
