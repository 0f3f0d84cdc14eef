//! A language model that thinks of the answers of a spoken conversation.

use std::ops::ControlFlow;

use sottovoce_llm::{chat::Conversation, generate::GenerateOptions, package::PackageModel};
use sottovoce_voice::conversation::{Outcome, Thinker, ThinkingFailed};

/// A conversation with a model, in the text and in the key-value state of which there is only what was heard.
pub struct ModelThinker {
    conversation: Conversation<PackageModel>,
    options: Box<dyn FnMut() -> GenerateOptions + Send>,
    /// Messages before the last question.
    before: usize,
}

impl ModelThinker {
    /// Goes on with `conversation`; `options` gives those of the next answer.
    pub fn new(
        conversation: Conversation<PackageModel>,
        options: impl FnMut() -> GenerateOptions + Send + 'static,
    ) -> Self {
        Self { conversation, options: Box::new(options), before: 0 }
    }

    /// What was said.
    #[cfg(feature = "listen")]
    pub fn conversation(&self) -> &Conversation<PackageModel> {
        &self.conversation
    }
}

impl Thinker for ModelThinker {
    fn answer(&mut self, question: &str, sink: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), ThinkingFailed> {
        self.before = self.conversation.messages().len();
        self.conversation.ask(question, (self.options)(), sink)?;
        Ok(())
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), ThinkingFailed> {
        let answer = self.conversation.messages().get(self.before..).and_then(|turn| turn.last());
        match (outcome, answer) {
            (Outcome::Cut(bytes), Some(answer)) => {
                let characters = answer.content.get(..bytes).map_or(usize::MAX, |heard| heard.chars().count());
                self.conversation.truncate_answer(characters)?;
            }
            (Outcome::Discarded, _) => {
                self.conversation.rewind(self.before);
                return Ok(());
            }
            // An answer that failed is not in the conversation.
            (Outcome::Whole | Outcome::Cut(_), _) => {}
        }
        // Now nobody waits.
        Ok(self.conversation.make_room()?)
    }
}
