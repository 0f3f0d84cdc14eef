//! Structured output: answers that a grammar accepts.
//!
//! What a grammar is and which tokens it allows next is `llguidance`'s business, which only this module knows. A
//! [`Compiler`] belongs to one tokenizer, a [`Constraint`] to one answer.

mod compiler;
mod constraint;
mod vocabulary;

pub(crate) use compiler::with_space;
pub use compiler::{Compiler, Grammar};
pub use constraint::Constraint;
