//! The prefill and decode loop.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::session::common_length;
use super::{PrefixCache, Stats, StopStrings};
use crate::constrain::Constraint;
use crate::sampling::{Choice, Sampler, Sampling};
use crate::speculate::{Speculation, Speculator};
use crate::tokenizer::TextStream;
use crate::tools::FunctionCall;
use crate::{LanguageModel, LlmError};

/// When and how an answer is made, and when it ends.
#[derive(Clone, Debug)]
pub struct GenerateOptions {
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// What the answer has to be, if not any text.
    pub constraint: Option<Constraint>,
    /// The most tokens to choose; `None` for as many as the context holds.
    pub max_tokens: Option<usize>,
    /// Tokens that end the answer and are not part of it.
    pub stop_tokens: Vec<u32>,
    /// Strings that end the answer and are not part of it.
    pub stop_strings: Vec<String>,
    /// How many tokens to guess ahead, which changes nothing but the time.
    pub speculation: Speculation,
    /// How many tokens of the prompt other prompts begin with too, such as those of a system prompt. They are computed in
    /// calls of their own, which depend on nothing that follows, and are kept in the session's [`PrefixCache`].
    pub shared_prefix: usize,
    /// Control tokens that are part of the text by their spelling, such as those around calls of tools.
    pub spelled_tokens: Vec<u32>,
    /// Whether the answer continues the prompt's text rather than beginning a text of its own.
    pub continue_text: bool,
    /// Set from another thread, ends the answer before the next token.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            sampling: Sampling::GREEDY,
            constraint: None,
            max_tokens: None,
            stop_tokens: Vec::new(),
            stop_strings: Vec::new(),
            speculation: Speculation::default(),
            shared_prefix: 0,
            spelled_tokens: Vec::new(),
            continue_text: false,
            cancel: None,
        }
    }
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// The model chose a stop token.
    StopToken,
    /// The text reached a stop string.
    StopString,
    /// The grammar allows nothing more.
    Complete,
    /// As many tokens as were asked for.
    MaxTokens,
    /// The state holds no more tokens.
    ContextFull,
    /// It was cancelled.
    Cancelled,
}

impl std::fmt::Display for FinishReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::StopToken => "the model ended its answer",
            Self::StopString => "a stop string was reached",
            Self::Complete => "it is complete",
            Self::MaxTokens => "the limit of tokens was reached",
            Self::ContextFull => "the context is full",
            Self::Cancelled => "cancelled",
        })
    }
}

/// What one step brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk<'a> {
    /// The token chosen; `None` if the answer ended before another was.
    pub id: Option<u32>,
    /// Text that is certain now; often empty, as characters and stop strings are waited for.
    pub text: &'a str,
    /// ln p of the token, as [`Choice::log_probability`].
    pub log_probability: Option<f64>,
    /// The most likely tokens, as [`Choice::alternatives`].
    pub alternatives: &'a [(u32, f64)],
    /// Set on the last chunk.
    pub finish: Option<FinishReason>,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Why it ended.
    pub finish: FinishReason,
    /// Whether it is what it had to be: one that was cut short may not be.
    pub is_valid: bool,
    /// The functions that it calls, of those that a conversation offers.
    pub calls: Vec<FunctionCall>,
    /// What it took.
    pub stats: Stats,
}

/// An answer in the making.
pub struct Generation<'s, M> {
    model: &'s mut M,
    /// The tokens in the model's state. Guesses that were computed ahead are among them until the answer ends.
    held: &'s mut Vec<u32>,
    speculator: &'s mut Speculator,
    prefixes: Option<&'s PrefixCache>,
    /// The tokens to compute next: at first the new part of the prompt, then the token last chosen, unless it
    /// was computed ahead.
    pending: Vec<u32>,
    options: GenerateOptions,
    sampler: Sampler,
    stream: TextStream<'s>,
    stops: StopStrings,
    finish: Option<FinishReason>,
    /// The token last chosen.
    choice: Option<Choice>,
    /// Text of the current step, before and after the watch for stop strings.
    decoded: String,
    shown: String,
    started: Instant,
    stats: Stats,
}

impl<'s, M: LanguageModel> Generation<'s, M> {
    /// `held` is a beginning of `prompt`.
    pub(super) fn new(
        model: &'s mut M,
        held: &'s mut Vec<u32>,
        (speculator, prefixes): (&'s mut Speculator, Option<&'s PrefixCache>),
        mut stream: TextStream<'s>,
        prompt: &[u32],
        mut options: GenerateOptions,
    ) -> Result<Self, LlmError> {
        let started = Instant::now();
        let mut sampler = Sampler::new(options.sampling.clone(), prompt, model.context())?;
        if let Some(constraint) = options.constraint.take() {
            sampler.constrain(constraint);
        }
        stream.spell(&options.spelled_tokens);
        let stops = StopStrings::new(std::mem::take(&mut options.stop_strings));
        let reused = held.len();
        speculator.begin(prompt);
        Ok(Self {
            model,
            held,
            speculator,
            prefixes,
            pending: prompt[reused..].to_vec(),
            options,
            sampler,
            stream,
            stops,
            finish: None,
            choice: None,
            decoded: String::new(),
            shown: String::new(),
            started,
            stats: Stats { prompt_tokens: prompt.len(), reused_tokens: reused, ..Stats::default() },
        })
    }

    /// Chooses the next token; `None` once the answer has ended. The first step computes the prompt.
    ///
    /// # Errors
    /// The model failed or its logits are unusable; the state then holds what the last good call left in it.
    pub fn step(&mut self) -> Result<Option<Chunk<'_>>, LlmError> {
        if self.finish.is_some() {
            return Ok(None);
        }
        self.shown.clear();
        self.decoded.clear();
        let chosen = self.choose();
        if let Ok(Some(choice)) = &chosen {
            self.finish = self.take(choice.id);
        }
        if self.finish.is_some() || chosen.is_err() {
            self.speculator.forget(self.model, self.held);
        }
        self.choice = chosen?;
        if self.finish.is_some_and(|reason| reason != FinishReason::StopString) {
            self.flush();
        }
        let choice = self.choice.as_ref();
        Ok(Some(Chunk {
            id: choice.map(|choice| choice.id),
            text: &self.shown,
            log_probability: choice.and_then(|choice| choice.log_probability),
            alternatives: choice.map_or(&[], |choice| &choice.alternatives),
            finish: self.finish,
        }))
    }

    /// Steps to the end, showing each piece of text to `on_text`, which may break off.
    pub fn run(self, on_text: impl FnMut(&str) -> ControlFlow<()>) -> Result<Answer, LlmError> {
        self.run_making_room(on_text, |_| Ok(None))
    }

    /// [`Generation::run`], which asks `make_room` for another prompt when the context is full. It gets the tokens of the
    /// answer so far, with which the prompt has to end; with `None` the answer ends.
    ///
    /// # Errors
    /// As [`Generation::step`], and those of `make_room`.
    pub fn run_making_room(
        mut self,
        mut on_text: impl FnMut(&str) -> ControlFlow<()>,
        mut make_room: impl FnMut(&[u32]) -> Result<Option<Vec<u32>>, LlmError>,
    ) -> Result<Answer, LlmError> {
        let mut text = String::new();
        let mut ids = Vec::new();
        let mut finish = FinishReason::Cancelled;
        loop {
            if self.finish.is_none()
                && self.is_full()
                && let Some(prompt) = make_room(&ids)?
            {
                self.exchange_prompt(&prompt);
            }
            let Some(chunk) = self.step()? else { break };
            ids.extend(chunk.id);
            finish = chunk.finish.unwrap_or(finish);
            if chunk.text.is_empty() {
                continue;
            }
            text.push_str(chunk.text);
            if on_text(chunk.text).is_break() {
                break;
            }
        }
        self.speculator.forget(self.model, self.held);
        Ok(Answer { text, finish, is_valid: self.is_valid(), calls: Vec::new(), stats: self.stats })
    }

    /// Whether the answer is what it had to be, as it stands.
    pub fn is_valid(&mut self) -> bool {
        self.sampler.is_complete() || self.sampler.is_satisfied()
    }

    /// Counts and times so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Whether what is pending has no room behind what is held.
    fn is_full(&self) -> bool {
        self.held.len() + self.pending.len() > self.model.context()
    }

    /// Goes on behind another prompt, which ends with the answer so far.
    fn exchange_prompt(&mut self, prompt: &[u32]) {
        let common = common_length(self.held, prompt).min(prompt.len().saturating_sub(1));
        self.model.rewind(common);
        self.held.truncate(common);
        self.pending.clear();
        self.pending.extend_from_slice(&prompt[common..]);
        self.speculator.go_on_from(prompt);
        self.options.shared_prefix = 0;
    }

    /// Rows of the next call: all that is pending, unless that is too many, or the shared part of the prompt ends before.
    fn next_rows(&self) -> usize {
        let shared = self.options.shared_prefix.saturating_sub(self.held.len());
        let most = if shared > 0 { shared } else { self.pending.len() };
        most.min(self.pending.len()).min(self.model.max_rows().max(1))
    }

    /// Computes what is pending and chooses a token, or sets `finish` if no other can or may be chosen.
    fn choose(&mut self) -> Result<Option<Choice>, LlmError> {
        if self.options.max_tokens == Some(0) {
            self.finish = Some(FinishReason::MaxTokens);
        } else if self.is_full() {
            self.finish = Some(FinishReason::ContextFull);
        }
        while self.finish.is_none() && self.next_rows() < self.pending.len() && !self.is_cancelled() {
            let rows = self.next_rows();
            self.model.forward(&self.pending[..rows])?;
            self.held.extend(self.pending.drain(..rows));
            if let Some(prefixes) = self.prefixes.filter(|_| self.held.len() == self.options.shared_prefix) {
                prefixes.keep(self.model, self.held)?;
            }
        }
        if self.finish.is_none() && self.is_cancelled() {
            self.finish = Some(FinishReason::Cancelled);
        }
        if self.finish.is_some() {
            return Ok(None);
        }
        let choice = match self.sampler.force()? {
            Some(choice) => {
                // It is computed together with the next token that is chosen, if it was not computed ahead.
                self.speculator.next_row(self.model.vocab_size());
                choice
            }
            None => self.choose_from_logits()?,
        };
        if !self.speculator.take(choice.id, self.model, self.held) {
            self.pending.push(choice.id);
        }
        self.count();
        Ok(Some(choice))
    }

    /// Computes what is pending, unless it was computed ahead, and chooses from the logits.
    fn choose_from_logits(&mut self) -> Result<Choice, LlmError> {
        let most_guesses = self.most_guesses();
        let vocab = self.model.vocab_size();
        let logits = match (self.speculator.next_row(vocab), &self.pending[..]) {
            (Some(logits), _) => logits,
            (None, &[token]) => {
                let speculation = (self.options.speculation, most_guesses);
                let logits = self.speculator.forward(self.model, self.held, token, speculation, &mut self.sampler)?;
                self.pending.clear();
                logits
            }
            (None, _) => {
                let logits = self.sampler.prepare_beside(|| self.model.forward(&self.pending))?;
                self.held.append(&mut self.pending);
                logits
            }
        };
        if self.stats.prefill.is_zero() {
            self.stats.prefill = self.started.elapsed();
        }
        self.sampler.choose(logits)
    }

    /// As many guesses as there is room for, and as can be part of the answer; none for the prompt.
    fn most_guesses(&self) -> usize {
        let chosen = self.stats.generated_tokens;
        let tokens = self.options.max_tokens.map_or(usize::MAX, |most| most.saturating_sub(chosen + 1));
        let room = self.model.context().saturating_sub(self.held.len() + 1);
        if chosen == 0 { 0 } else { tokens.min(room) }
    }

    /// Takes a chosen token into the text. Returns why the answer ends here, if it does.
    fn take(&mut self, id: u32) -> Option<FinishReason> {
        if self.options.stop_tokens.contains(&id) {
            return Some(FinishReason::StopToken);
        }
        self.stream.push(id, &mut self.decoded);
        if self.stops.push(&self.decoded, &mut self.shown) {
            return Some(FinishReason::StopString);
        }
        if self.sampler.is_complete() {
            return Some(FinishReason::Complete);
        }
        (self.options.max_tokens == Some(self.stats.generated_tokens)).then_some(FinishReason::MaxTokens)
    }

    /// Shows what was held back: nothing more will come to complete it.
    fn flush(&mut self) {
        self.decoded.clear();
        self.stream.finish(&mut self.decoded);
        if !self.stops.push(&self.decoded, &mut self.shown) {
            self.stops.finish(&mut self.shown);
        }
    }

    fn count(&mut self) {
        self.stats.generated_tokens += 1;
        (self.stats.guessed_tokens, self.stats.accepted_tokens) = self.speculator.counts();
        let elapsed = self.started.elapsed();
        if self.stats.generated_tokens == 1 {
            self.stats.first_token = elapsed;
        }
        self.stats.decode = elapsed.saturating_sub(self.stats.first_token);
    }

    fn is_cancelled(&self) -> bool {
        self.options.cancel.as_ref().is_some_and(|cancel| cancel.load(Ordering::Relaxed))
    }
}
