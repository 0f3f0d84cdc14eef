//! Serves a language model over HTTP: to people, with an assistant and its page, and to OpenAI's clients.
//!
//! [`engine`] owns the model: every answer is made on a thread of its own, and a batcher joins their passes over the weights.
//! `http` owns the socket: who may ask, how much, and how errors look. `openai` owns the words: requests become jobs of
//! the engine, its events become responses. [`Assistant`] keeps conversations, for the page. [`voice`] hears and speaks.

mod assistant;
pub mod engine;
mod error;
mod http;
mod metrics;
mod openai;
pub mod voice;
mod web;

pub use assistant::Assistant;
pub use error::ServerError;
pub use http::{Server, ServerOptions, Services};
