//! A text as the answer to a grammar, token by token.

use std::time::Instant;

use anyhow::{Context, ensure};
use sottovoce_llm::{
    LanguageModel,
    constrain::Constraint,
    package::PackageModel,
    sampling::{Sampler, Sampling},
    tokenizer::Tokenizer,
};

/// The tokens of a text, as a model would choose them that wants to say it.
pub struct Walk {
    steps: Vec<Step>,
}

#[derive(Clone, Copy)]
enum Step {
    /// What the grammar leaves no choice about.
    Forced(u32),
    /// A token of several that are allowed.
    Chosen(u32),
}

impl Walk {
    /// The tokens of `text`: the longest that is allowed, wherever there is a choice.
    ///
    /// # Errors
    /// The text is none that `constraint` accepts.
    pub fn new(mut constraint: Constraint, tokenizer: &Tokenizer, text: &str) -> anyhow::Result<Self> {
        let mut rest = text.as_bytes();
        let mut steps = Vec::new();
        let mut scores = vec![0.0; tokenizer.vocab_size()];
        while !rest.is_empty() {
            let step = match constraint.forced() {
                Some(id) => Step::Forced(id),
                None => {
                    scores.fill(0.0);
                    constraint.mask(&mut scores)?;
                    let allowed = (0..).zip(&scores).filter(|(_, score)| **score == 0.0).map(|(id, _)| id);
                    let fitting =
                        allowed.filter(|&id| !tokenizer.is_special(id) && rest.starts_with(tokenizer.token_bytes(id)));
                    let longest = fitting.max_by_key(|&id| tokenizer.token_bytes(id).len());
                    Step::Chosen(
                        longest
                            .with_context(|| format!("nothing of {:?} is allowed", String::from_utf8_lossy(rest)))?,
                    )
                }
            };
            let bytes = tokenizer.token_bytes(step.id());
            ensure!(!bytes.is_empty(), "a token without text is in the way");
            rest =
                rest.strip_prefix(bytes).with_context(|| format!("forced to say {:?}", tokenizer.token(step.id())))?;
            constraint.accept(step.id())?;
            steps.push(step);
        }
        ensure!(constraint.is_satisfied() || constraint.is_complete(), "the text is only the beginning of one");
        Ok(Self { steps })
    }

    /// How many tokens the text has.
    pub fn tokens(&self) -> usize {
        self.steps.len()
    }

    /// Seconds to find and apply the mask of every token that is chosen, one after the other, with nothing beside it.
    ///
    /// # Errors
    /// The grammar is too complex.
    pub fn masks(&self, mut constraint: Constraint, vocab: usize) -> anyhow::Result<Vec<f64>> {
        let mut scores = vec![0.0; vocab];
        let mut seconds = Vec::new();
        for step in &self.steps {
            if let Step::Chosen(_) = step {
                let started = Instant::now();
                constraint.mask(&mut scores)?;
                seconds.push(started.elapsed().as_secs_f64());
            }
            constraint.accept(step.id())?;
            constraint.forced();
        }
        Ok(seconds)
    }

    /// Has `model` say the text behind `prompt`, as answers are made. Returns, for every token that is chosen, the seconds
    /// of the call before it and from its logits to when the next call could begin.
    ///
    /// # Errors
    /// The model fails, or the grammar is too complex.
    pub fn answer(
        &self,
        model: &mut PackageModel,
        prompt: &[u32],
        constraint: Option<Constraint>,
    ) -> anyhow::Result<Vec<(f64, f64)>> {
        let is_free = constraint.is_none();
        let mut sampler = Sampler::new(Sampling::GREEDY, prompt, model.context())?;
        constraint.into_iter().for_each(|constraint| sampler.constrain(constraint));
        model.rewind(0);
        let (mut pending, mut logits) = (prompt.to_vec(), Vec::new());
        let mut times = Vec::new();
        let mut chosen: Option<(f64, Instant)> = None;
        for &step in &self.steps {
            let forced = sampler.force()?.map(|choice| choice.id);
            if let Step::Forced(id) = step {
                ensure!(is_free || forced == Some(id), "the grammar forces another token than before");
                pending.push(id);
                if is_free {
                    sampler.accept(id)?;
                }
                continue;
            }
            ensure!(forced.is_none(), "the grammar leaves no choice where it did before");
            times.extend(chosen.map(|(call, returned)| (call, returned.elapsed().as_secs_f64())));
            let started = Instant::now();
            let returned = sampler.prepare_beside(|| {
                logits.clear();
                logits.extend_from_slice(model.forward(&pending)?);
                // What the model wants to say.
                logits[step.id() as usize] = f32::MAX;
                anyhow::Ok(Instant::now())
            })?;
            pending.clear();
            pending.push(sampler.choose(&logits)?.id);
            ensure!(pending == [step.id()], "another token was chosen");
            chosen = Some(((returned - started).as_secs_f64(), returned));
        }
        times.extend(chosen.map(|(call, returned)| (call, returned.elapsed().as_secs_f64())));
        Ok(times)
    }
}

impl Step {
    fn id(self) -> u32 {
        match self {
            Self::Forced(id) | Self::Chosen(id) => id,
        }
    }
}
