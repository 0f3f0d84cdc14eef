//! A conversation that is spoken.

use std::{ops::ControlFlow, sync::Arc};

use sottovoce_voice::conversation::{Outcome, Thinker, ThinkingFailed};

use crate::{AnswerOptions, Conversation};

/// Answers in a conversation, in the text and state of which there is only what was heard.
pub(super) struct ConversationThinker {
    conversation: Arc<Conversation>,
    options: AnswerOptions,
    /// Messages before the last question.
    before: usize,
}

impl ConversationThinker {
    pub fn new(conversation: Arc<Conversation>, options: AnswerOptions) -> Self {
        Self { conversation, options, before: 0 }
    }
}

impl Thinker for ConversationThinker {
    fn answer(&mut self, question: &str, sink: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<(), ThinkingFailed> {
        let mut conversation = self.conversation.wait();
        self.before = conversation.messages().len();
        let options = self.conversation.model.generate_options(&self.options, None)?;
        conversation.ask(question, options, sink)?;
        Ok(())
    }

    fn settle(&mut self, outcome: Outcome) -> Result<(), ThinkingFailed> {
        let mut conversation = self.conversation.wait();
        let answer = conversation.messages().get(self.before..).and_then(|turn| turn.last());
        match (outcome, answer) {
            (Outcome::Cut(bytes), Some(answer)) => {
                let characters = answer.content.get(..bytes).map_or(usize::MAX, |heard| heard.chars().count());
                conversation.truncate_answer(characters)?;
            }
            (Outcome::Discarded, _) => {
                conversation.rewind(self.before);
                return Ok(());
            }
            // An answer that failed is not in the conversation.
            (Outcome::Whole | Outcome::Cut(_), _) => {}
        }
        // Now nobody waits.
        Ok(conversation.make_room()?)
    }
}
