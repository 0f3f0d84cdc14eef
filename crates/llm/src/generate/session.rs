//! One state and the tokens in it.

use std::sync::Arc;

use super::{GenerateOptions, Generation, PrefixCache};
use crate::snapshot::Snapshot;
use crate::speculate::{DraftModel, Speculator};
use crate::tokenizer::Tokenizer;
use crate::{LanguageModel, LlmError};

/// A model's state together with the tokens that it holds. A clone is a fork: both go on from the same tokens. It
/// has no draft model, which belongs to one session.
///
/// A prompt that continues what the state holds costs only its new tokens: the state is rewound to the common beginning.
pub struct Session<M> {
    model: M,
    tokenizer: Arc<Tokenizer>,
    /// The tokens in the state.
    held: Vec<u32>,
    speculator: Speculator,
    prefixes: Option<Arc<PrefixCache>>,
}

impl<M: LanguageModel> Session<M> {
    /// A session on `model`, whose state is emptied.
    pub fn new(mut model: M, tokenizer: Arc<Tokenizer>) -> Self {
        model.rewind(0);
        let context = model.context();
        let (held, speculator) = (Vec::with_capacity(context), Speculator::new(context));
        Self { model, tokenizer, held, speculator, prefixes: None }
    }

    /// Lets `draft` guess what the model will say.
    pub fn set_draft(&mut self, draft: DraftModel) {
        self.speculator.set_draft(draft);
    }

    /// Takes the shared beginnings of prompts from `prefixes`, and leaves them there for other sessions.
    pub fn share_prefixes(&mut self, prefixes: Arc<PrefixCache>) {
        self.prefixes = Some(prefixes);
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

    /// How many tokens of `prompt` are in the state from the beginning.
    pub fn common(&self, prompt: &[u32]) -> usize {
        common_length(&self.held, prompt)
    }

    /// Forgets everything, as a new conversation does.
    pub fn reset(&mut self) {
        self.rewind(0);
    }

    /// Forgets all but the first `tokens` tokens; more than are held changes nothing.
    pub fn rewind(&mut self, tokens: usize) {
        self.model.rewind(tokens);
        self.held.truncate(tokens);
    }

    /// A copy of the state: the tokens with their keys and values.
    ///
    /// # Errors
    /// The model's state cannot be copied.
    pub fn snapshot(&self) -> Result<Snapshot, LlmError> {
        let identity = self.model.identity().ok_or(LlmError::NoSnapshot)?;
        Ok(Snapshot { identity, tokens: self.held.clone(), rows: self.model.rows(0..self.held.len())? })
    }

    /// Exchanges the state for that of a snapshot, without computing anything: what follows is bit for bit what would
    /// have followed there.
    ///
    /// # Errors
    /// The snapshot is of another model, or does not fit this one; the session is empty then.
    pub fn restore(&mut self, snapshot: &Snapshot) -> Result<(), LlmError> {
        self.reset();
        if self.model.identity().ok_or(LlmError::NoSnapshot)? != snapshot.identity {
            return Err(LlmError::ForeignSnapshot { tokens: snapshot.tokens.len() });
        }
        if !snapshot.tokens.is_empty() {
            self.model.append_rows(&snapshot.tokens, &snapshot.rows)?;
        }
        self.held.extend_from_slice(&snapshot.tokens);
        Ok(())
    }

    /// Begins to answer `prompt`. Nothing is computed before the first step.
    ///
    /// # Errors
    /// An empty prompt, one longer than the context, ids outside the vocabulary, or an option outside its range.
    pub fn generate(&mut self, prompt: &[u32], mut options: GenerateOptions) -> Result<Generation<'_, M>, LlmError> {
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
        // The last token has to be computed, for its logits.
        let most = prompt.len() - 1;
        options.shared_prefix = options.shared_prefix.min(most);
        let common = self.common(prompt).min(most);
        if common >= options.shared_prefix {
            self.rewind(common);
        } else {
            // The shared part is computed in calls that depend on nothing but its tokens.
            self.reset();
            let shared = &prompt[..options.shared_prefix];
            if let Some(prefixes) = &self.prefixes {
                let found = prefixes.restore(&mut self.model, shared)?;
                self.held.extend_from_slice(&shared[..found]);
            }
        }
        let stream = if options.continue_text {
            self.tokenizer.stream_continuation()
        } else {
            self.tokenizer.stream_from_start()
        };
        let Self { model, held, speculator, prefixes, .. } = self;
        Generation::new(model, held, (speculator, prefixes.as_deref()), stream, prompt, options)
    }
}

impl<M: LanguageModel + Clone> Clone for Session<M> {
    fn clone(&self) -> Self {
        Self {
            model: self.model.clone(),
            tokenizer: self.tokenizer.clone(),
            held: self.held.clone(),
            // A fork guesses from its text until it gets a draft model of its own, whose state follows it.
            speculator: Speculator::new(self.model.context()),
            prefixes: self.prefixes.clone(),
        }
    }
}

/// How many tokens two sequences have in common from the beginning.
pub(crate) fn common_length(one: &[u32], other: &[u32]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
