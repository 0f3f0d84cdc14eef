//! The crate's one error type.

use std::net::SocketAddr;

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
    /// The server stopped.
    #[error("the server stopped: {0}")]
    Serve(std::io::Error),
}
