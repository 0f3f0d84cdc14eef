//! Who thinks of the answer.

use std::{error::Error, ops::ControlFlow};

use super::Outcome;

/// Why there is no answer.
pub type ThinkingFailed = Box<dyn Error + Send + Sync>;

/// Thinks of answers, one at a time. Remembers the conversation, as far as it was heard.
pub trait Thinker: Send {
    /// Answers `question` as the next turn of the conversation, handing the text to `sink` in pieces as it is made. Where `sink`
    /// breaks, the answer ends.
    ///
    /// # Errors
    /// There is no answer, or no more of it.
    fn answer(&mut self, question: &str, sink: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), ThinkingFailed>;

    /// Says what became of the last answer: called once after each, also after one that failed. What was not heard has to be
    /// forgotten, as if it had never been said.
    ///
    /// # Errors
    /// It cannot be forgotten.
    fn settle(&mut self, outcome: Outcome) -> Result<(), ThinkingFailed>;
}
