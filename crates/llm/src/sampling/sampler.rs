//! Choosing tokens one after the other.

use std::thread;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::candidates::{Candidate, top_k};
use super::dry::Repetition;
use super::filters::draw;
use super::history::History;
use super::options::Sampling;
use super::probability::{log_sum_exp, most_likely};
use crate::LlmError;
use crate::constrain::Constraint;

/// A token that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The token.
    pub id: u32,
    /// ln p of the token, if asked for: at temperature 1, before anything is changed or filtered.
    pub log_probability: Option<f64>,
    /// The most likely tokens with their ln p, the likeliest first; as many as were asked for.
    pub alternatives: Vec<(u32, f64)>,
}

/// Chooses the tokens of one answer, one after the other.
///
/// It owns all that a choice depends on besides the logits: the tokens so far, the random sequence and the constraint. They
/// move on only by [`choose`](Self::choose), [`force`](Self::force) and [`accept`](Self::accept), a token at a time, so that the
/// choices from rows that were computed together are those from rows computed one by one.
///
/// Randomness is ChaCha8 seeded by `seed_from_u64`, in the stream of the answer's index, one 53-bit number a token: the same on
/// every platform.
pub struct Sampler {
    sampling: Sampling,
    random: ChaCha8Rng,
    history: History,
    constraint: Option<Constraint>,
    /// The logits as changed by bias, penalties and constraint.
    scores: Vec<f32>,
    candidates: Vec<Candidate>,
    repetitions: Vec<Repetition>,
}

impl Sampler {
    /// A sampler for the answer to `prompt`. Prompt and answer hold at most `context` tokens, for which memory is taken now
    /// where an option looks back.
    ///
    /// # Errors
    /// An option outside its range.
    pub fn new(mut sampling: Sampling, prompt: &[u32], context: usize) -> Result<Self, LlmError> {
        sampling.check()?;
        if let Some(dry) = &mut sampling.dry {
            dry.breakers.sort_unstable();
        }
        let mut random = ChaCha8Rng::seed_from_u64(sampling.seed);
        random.set_stream(sampling.index);
        let mut sampler = Self {
            history: History::new(sampling.penalties, if sampling.looks_back() { context } else { 0 }),
            repetitions: Vec::with_capacity(if sampling.dry.is_some() { context } else { 0 }),
            constraint: None,
            scores: Vec::new(),
            candidates: Vec::new(),
            sampling,
            random,
        };
        prompt.iter().for_each(|&id| sampler.remember(id));
        Ok(sampler)
    }

    /// Keeps the answer from here on within `constraint`.
    pub fn constrain(&mut self, constraint: Constraint) {
        self.constraint = Some(constraint);
    }

    /// Makes `call`, which computes the logits of the next token, and beside it, on another thread, finds out which tokens the
    /// constraint allows. Without this the choice does that itself, which takes milliseconds in the worst places of a grammar
    /// over a large vocabulary.
    pub fn prepare_beside<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let Some(constraint) = &mut self.constraint else { return call() };
        thread::scope(|scope| {
            // What goes wrong here, the choice finds again. So it does without a thread.
            let _ = thread::Builder::new().name("grammar".to_owned()).spawn_scoped(scope, || constraint.prepare());
            call()
        })
    }

    /// Chooses the next token from its `logits` (`[vocab]`, −∞ where a token is impossible).
    ///
    /// # Errors
    /// A logit that is NaN or +∞, or none that is possible; a bias on a token that there is not; a constraint that is complete,
    /// or too complex to go on.
    pub fn choose(&mut self, logits: &[f32]) -> Result<Choice, LlmError> {
        let uniform = self.uniform();
        let scores = if self.adjust(logits)? { &self.scores } else { logits };
        let best = most_likely(scores)?;
        let id = if self.sampling.temperature == 0.0 {
            best.id
        } else {
            draw(scores, best, &self.sampling, uniform, &mut self.candidates)
        };
        self.advance(id)?;
        Ok(self.choice(id, logits))
    }

    /// The next token, where the constraint leaves no choice: it needs no logits. `None` where it does, and where its
    /// probability is asked for, which needs them.
    ///
    /// # Errors
    /// The constraint is too complex to go on.
    pub fn force(&mut self) -> Result<Option<Choice>, LlmError> {
        let constraint = self.constraint.as_mut().filter(|_| self.sampling.log_probabilities.is_none());
        let Some(id) = constraint.and_then(Constraint::forced) else { return Ok(None) };
        self.accept(id)?;
        Ok(Some(Choice { id, log_probability: None, alternatives: Vec::new() }))
    }

    /// Takes in a token that was not chosen here, as though it had been.
    ///
    /// # Errors
    /// The constraint does not allow it.
    pub fn accept(&mut self, id: u32) -> Result<(), LlmError> {
        self.uniform();
        self.advance(id)
    }

    /// Whether the constraint allows nothing more; false without one.
    pub fn is_complete(&self) -> bool {
        self.constraint.as_ref().is_some_and(Constraint::is_complete)
    }

    /// Whether the constraint accepts the answer as it stands; true without one.
    pub fn is_satisfied(&mut self) -> bool {
        self.constraint.as_mut().is_none_or(Constraint::is_satisfied)
    }

    fn advance(&mut self, id: u32) -> Result<(), LlmError> {
        self.remember(id);
        self.constraint.as_mut().map_or(Ok(()), |constraint| constraint.accept(id))
    }

    fn remember(&mut self, id: u32) {
        if self.sampling.looks_back() {
            self.history.push(id);
        }
    }

    /// The random number of the next token, from 0 to below 1.
    fn uniform(&mut self) -> f64 {
        (self.random.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Puts the logits into `scores`, changed by bias, penalties and constraint; false if nothing changes them.
    fn adjust(&mut self, logits: &[f32]) -> Result<bool, LlmError> {
        let Sampling { logit_bias, dry, .. } = &self.sampling;
        if logit_bias.is_empty() && !self.history.penalises() && dry.is_none() && self.constraint.is_none() {
            return Ok(false);
        }
        self.scores.clear();
        self.scores.extend_from_slice(logits);
        for &(id, bias) in logit_bias {
            let vocab = logits.len();
            *self.scores.get_mut(id as usize).ok_or(LlmError::IdOutOfRange { id, vocab })? += bias;
        }
        self.history.penalise(&mut self.scores);
        if let Some(dry) = dry {
            dry.penalise(self.history.tokens(), &mut self.scores, &mut self.repetitions);
        }
        if let Some(constraint) = &mut self.constraint {
            constraint.mask(&mut self.scores)?;
        }
        Ok(true)
    }

    /// What is told about the choice of `id`.
    fn choice(&mut self, id: u32, logits: &[f32]) -> Choice {
        let Some(count) = self.sampling.log_probabilities else {
            return Choice { id, log_probability: None, alternatives: Vec::new() };
        };
        let total = log_sum_exp(logits);
        let log_probability = |logit: f32| f64::from(logit) - total;
        self.candidates.clear();
        if count > 0 {
            top_k(logits, count, &mut self.candidates);
        }
        Choice {
            id,
            log_probability: Some(log_probability(logits[id as usize])),
            alternatives: self.candidates.iter().map(|c| (c.id, log_probability(c.logit))).collect(),
        }
    }
}
