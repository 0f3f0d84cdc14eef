//! Guessing tokens, and computing them together.

use std::time::Instant;

use super::chances::{Chance, Chances};
use super::costs::Costs;
use super::draft_model::DraftModel;
use super::lookup::Lookup;
use crate::sampling::Sampler;
use crate::{LanguageModel, LlmError};

/// How many tokens to guess ahead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speculation {
    /// None: one row a call.
    Off,
    /// As many as are worth their time, by how often guesses were right and what calls took; often none.
    #[default]
    Auto,
    /// So many wherever there is a guess, as far as the model computes so many rows alike.
    Tokens(usize),
}

/// What is assumed of a draft model's guesses.
const DRAFT_CHANCE: f64 = 0.7;

/// A call with guesses has to promise that many times the tokens a second of one without.
const WORTHWHILE: f64 = 1.05;

/// What was guessed, and what was computed with it.
///
/// The guesses lie in the model's state behind the token they follow, and the logits of all their rows are kept. The
/// caller chooses from one row after the other, as it would from calls of one row each, until a choice is not what was
/// guessed: what the state holds from there on is forgotten. Since a row's logits do not depend on the rows beside it
/// ([`LanguageModel::independent_rows`]), no choice does.
pub struct Speculator {
    lookup: Lookup,
    chances: Chances,
    costs: Costs,
    draft: Option<(DraftModel, Chance)>,
    /// The guesses of the last call, and whether the draft model made them.
    guesses: Vec<u32>,
    drafted: bool,
    /// Logits of the last call with guesses, of the rows for the token before them and for each of them.
    rows: Vec<f32>,
    /// Rows that were chosen from.
    read: usize,
    /// Guesses computed, and those of them that were chosen.
    counts: (usize, usize),
}

impl Speculator {
    /// For texts of at most `context` tokens.
    pub fn new(context: usize) -> Self {
        Self {
            lookup: Lookup::new(context),
            chances: Chances::default(),
            costs: Costs::default(),
            draft: None,
            guesses: Vec::new(),
            drafted: false,
            rows: Vec::new(),
            read: 0,
            counts: (0, 0),
        }
    }

    /// Lets `draft` guess where the text itself promises less.
    pub fn set_draft(&mut self, draft: DraftModel) {
        self.draft = Some((draft, Chance::assume(DRAFT_CHANCE, 6.0)));
    }

    /// Begins an answer to `prompt`.
    pub fn begin(&mut self, prompt: &[u32]) {
        self.go_on_from(prompt);
        self.counts = (0, 0);
    }

    /// Goes on with the answer behind another text.
    pub fn go_on_from(&mut self, text: &[u32]) {
        self.lookup.set(text);
        self.guesses.clear();
    }

    /// How many guesses were computed since the answer began, and how many of them were chosen.
    pub fn counts(&self) -> (usize, usize) {
        self.counts
    }

    /// The logits of the next row that was computed ahead; `None` when there is none.
    pub fn next_row(&mut self, vocab: usize) -> Option<&[f32]> {
        if self.unread() == 0 {
            return None;
        }
        self.read += 1;
        Some(&self.rows[(self.read - 1) * vocab..self.read * vocab])
    }

    /// Feeds `token`, the last one of the text, with at most `most` guesses behind it, and puts all that into `held`, while
    /// `sampler` prepares the choice from the logits of the token's row, which are returned.
    ///
    /// # Errors
    /// The model or the draft model failed.
    pub fn forward<'a, M: LanguageModel>(
        &'a mut self,
        model: &'a mut M,
        held: &mut Vec<u32>,
        token: u32,
        (speculation, most): (Speculation, usize),
        sampler: &mut Sampler,
    ) -> Result<&'a [f32], LlmError> {
        self.guess(model, speculation, most)?;
        let rows = 1 + self.guesses.len();
        let started = Instant::now();
        if rows == 1 {
            let (logits, took) = sampler.prepare_beside(|| (model.forward(&[token]), started.elapsed()));
            let logits = logits?;
            held.push(token);
            self.costs.note_call(1, took);
            return Ok(logits);
        }
        // The call takes its ids from where they are kept anyway.
        let new = held.len();
        held.push(token);
        held.extend_from_slice(&self.guesses);
        self.rows.clear();
        let (computed, took) = sampler.prepare_beside(|| {
            (model.forward_all(&held[new..], &mut |row| self.rows.extend_from_slice(row)), started.elapsed())
        });
        if let Err(error) = computed {
            held.truncate(new);
            self.guesses.clear();
            return Err(error);
        }
        self.costs.note_call(rows, took);
        self.counts.0 += self.guesses.len();
        self.read = 1;
        Ok(&self.rows[..self.rows.len() / rows])
    }

    /// Takes in the token that was chosen from the last row. Returns whether it is in the model's state already; if
    /// not, the state holds nothing behind that row.
    pub fn take<M: LanguageModel>(&mut self, id: u32, model: &mut M, held: &mut Vec<u32>) -> bool {
        if let (Some(evidence), Some(next)) = (self.lookup.evidence(0), self.lookup.next()) {
            self.chances.note(evidence, next == id);
        }
        self.lookup.push(id);
        if self.unread() == 0 {
            return false;
        }
        let right = self.guesses[self.read - 1] == id;
        if let (true, Some((_, chance))) = (self.drafted, &mut self.draft) {
            chance.note(right);
        }
        if right {
            self.counts.1 += 1;
        } else {
            self.forget(model, held);
        }
        right
    }

    /// Takes what was computed ahead and not chosen out of the state.
    pub fn forget<M: LanguageModel>(&mut self, model: &mut M, held: &mut Vec<u32>) {
        let kept = held.len() - self.unread();
        model.rewind(kept);
        held.truncate(kept);
        self.guesses.clear();
    }

    /// Rows that were computed ahead and not chosen from.
    fn unread(&self) -> usize {
        if self.guesses.is_empty() { 0 } else { 1 + self.guesses.len() - self.read }
    }

    /// Makes at most `most` guesses: those of the source that promises more.
    fn guess<M: LanguageModel>(&mut self, model: &M, speculation: Speculation, most: usize) -> Result<(), LlmError> {
        self.guesses.clear();
        let most = most.min(model.independent_rows().saturating_sub(1));
        let plan = |chance: &dyn Fn(usize) -> f64, cost: &dyn Fn(usize) -> f64| match speculation {
            Speculation::Off => Plan::NONE,
            Speculation::Auto => Plan::best(most, chance, cost),
            Speculation::Tokens(count) => Plan::of(count.min(most), chance, cost),
        };
        let chance = |ahead| self.lookup.evidence(ahead).map_or(0.0, |evidence| self.chances.probability(evidence));
        let lookup = match self.lookup.next() {
            Some(_) => plan(&chance, &|guesses| self.costs.call(guesses)),
            None => Plan::NONE,
        };
        self.drafted = false;
        if let Some((draft, chance)) = &mut self.draft {
            let drafted = plan(&|_| chance.probability(), &|guesses| self.costs.drafted_call(guesses));
            self.drafted = drafted.guesses > 0 && (lookup.guesses == 0 || drafted.gain > lookup.gain);
            if self.drafted {
                let vocab = model.vocab_size();
                return draft.guess(self.lookup.tokens(), drafted.guesses, vocab, &mut self.costs, &mut self.guesses);
            }
            chance.fade(DRAFT_CHANCE);
        }
        self.lookup.guess(lookup.guesses, &mut self.guesses);
        Ok(())
    }
}

/// How many guesses to compute, and what they promise: tokens a call over its cost.
#[derive(Clone, Copy)]
struct Plan {
    guesses: usize,
    gain: f64,
}

impl Plan {
    const NONE: Self = Self { guesses: 0, gain: 0.0 };

    /// Of up to `most` guesses, as many as promise most; none where that is hardly more than without. `chance` is that
    /// of the n-th guess if those before it are right.
    fn best(most: usize, chance: &dyn Fn(usize) -> f64, cost: &dyn Fn(usize) -> f64) -> Self {
        let (mut reached, mut expected) = (1.0, 1.0);
        let mut best = Self { guesses: 0, gain: WORTHWHILE };
        for guesses in 1..=most {
            reached *= chance(guesses - 1);
            expected += reached;
            let gain = expected / cost(guesses);
            if gain > best.gain {
                best = Self { guesses, gain };
            }
        }
        best
    }

    /// That many guesses.
    fn of(guesses: usize, chance: &dyn Fn(usize) -> f64, cost: &dyn Fn(usize) -> f64) -> Self {
        let (mut reached, mut expected) = (1.0, 1.0);
        for guess in 0..guesses {
            reached *= chance(guess);
            expected += reached;
        }
        Self { guesses, gain: expected / cost(guesses) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_guesses_as_pay() {
        let guesses = |chance: f64, row: f64| Plan::best(7, &|_| chance, &|guesses| 1.0 + row * guesses as f64).guesses;
        assert_eq!(guesses(0.98, 0.2), 7);
        assert_eq!(guesses(0.2, 0.3), 0);
        // 1.5 tokens at the cost of 1.25, 1.75 at that of 1.5.
        assert_eq!(guesses(0.5, 0.25), 1);
        assert_eq!(guesses(0.98, 1.1), 0);
        assert_eq!(guesses(0.5, 0.0), 7);
    }
}
