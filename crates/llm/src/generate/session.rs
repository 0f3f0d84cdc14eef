//! One state and the tokens in it.

use std::sync::Arc;

use super::{GenerateOptions, Generation};
use crate::speculate::{DraftModel, Speculator};
use crate::tokenizer::Tokenizer;
use crate::{LanguageModel, LlmError};

/// A model's state together with the tokens that it holds.
///
/// A prompt that continues what the state holds costs only its new tokens: the state is rewound to the common beginning.
pub struct Session<M> {
    model: M,
    tokenizer: Arc<Tokenizer>,
    /// The tokens in the state.
    held: Vec<u32>,
    speculator: Speculator,
}

impl<M: LanguageModel> Session<M> {
    /// A session on `model`, whose state is emptied.
    pub fn new(mut model: M, tokenizer: Arc<Tokenizer>) -> Self {
        model.rewind(0);
        let context = model.context();
        Self { model, tokenizer, held: Vec::with_capacity(context), speculator: Speculator::new(context) }
    }

    /// Lets `draft` guess what the model will say.
    pub fn set_draft(&mut self, draft: DraftModel) {
        self.speculator.set_draft(draft);
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Arc<Tokenizer> {
        &self.tokenizer
    }

    /// The model; its state belongs to the session.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The tokens in the state.
    pub fn held(&self) -> &[u32] {
        &self.held
    }

    /// Forgets everything, as a new conversation does.
    pub fn reset(&mut self) {
        self.model.rewind(0);
        self.held.clear();
    }

    /// Begins to answer `prompt`. Nothing is computed before the first step.
    ///
    /// # Errors
    /// An empty prompt, one longer than the context, ids outside the vocabulary, or an option outside its range.
    pub fn generate(&mut self, prompt: &[u32], options: GenerateOptions) -> Result<Generation<'_, M>, LlmError> {
        let context = self.model.context();
        if prompt.is_empty() {
            return Err(LlmError::EmptyPrompt);
        }
        if prompt.len() > context {
            return Err(LlmError::PromptTooLong { tokens: prompt.len(), context });
        }
        let vocab = self.model.vocab_size();
        if let Some(&id) = prompt.iter().find(|&&id| id as usize >= vocab) {
            return Err(LlmError::IdOutOfRange { id, vocab });
        }
        let stream = if options.continue_text {
            self.tokenizer.stream_continuation()
        } else {
            self.tokenizer.stream_from_start()
        };
        Generation::new(&mut self.model, &mut self.held, &mut self.speculator, stream, prompt, options)
    }
}
