//! A thinker whose conversation is kept.

use std::ops::ControlFlow;

use sottovoce_voice::conversation::{Outcome, Thinker, ThinkingFailed};

use crate::{sessions::OpenSession, talking::ModelThinker};

/// Keeps its conversation as a session: after every answer, and with keys and values at the end.
pub struct KeptThinker {
    thinker: ModelThinker,
    session: OpenSession,
    model: String,
}

impl KeptThinker {
    /// Keeps what `thinker` says, with the name of its model, as `session`.
    pub fn new(thinker: ModelThinker, session: OpenSession, model: String) -> Self {
        Self { thinker, session, model }
    }

    fn keep(&self, state: bool) {
        self.session.keep(self.thinker.conversation(), &self.model, state);
    }
}

impl Thinker for KeptThinker {
    fn answer(&mut self, question: &str, sink: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), ThinkingFailed> {
        self.thinker.answer(question, sink)
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), ThinkingFailed> {
        self.thinker.settle(outcome)?;
        self.keep(false);
        Ok(())
    }
}

impl Drop for KeptThinker {
    fn drop(&mut self) {
        self.keep(true);
    }
}
