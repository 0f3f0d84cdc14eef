//! One request for answers.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use sottovoce_llm::{
    LlmError,
    generate::{FinishReason, GenerateOptions, Stats},
    tools::{FunctionCall, Toolbox},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::{ChatUsage, seats::Seat};
use crate::metrics::{self, TokenClock};

/// Answers to make.
pub struct Job {
    /// Tokens of the prompt.
    pub prompt: Vec<u32>,
    /// How answers are made.
    pub options: GenerateOptions,
    /// How many.
    pub answers: u64,
    /// Tools whose calls are taken out of the text.
    pub toolbox: Option<Toolbox>,
}

/// A token and ln of its probability.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenChance {
    /// The token chosen.
    pub id: u32,
    /// ln p.
    pub log_probability: f64,
    /// The most likely tokens in its place, with ln p.
    pub alternatives: Vec<(u32, f64)>,
}

/// What happens while answers are made; of each answer, in order.
#[derive(Debug)]
pub enum Event {
    /// A token was chosen, and perhaps text became certain.
    Progress {
        /// Number of the answer.
        answer: u64,
        /// Text that is certain now.
        text: String,
        /// The token, if its chance is wanted.
        chance: Option<TokenChance>,
    },
    /// An answer ended.
    Finished {
        /// Number of the answer.
        answer: u64,
        /// Why.
        reason: FinishReason,
        /// The functions that it calls.
        calls: Vec<FunctionCall>,
        /// What it took.
        stats: Stats,
    },
    /// The job ended before its answers did.
    Failed(LlmError),
}

/// A job under way: its events. Dropping it ends the job before its next token.
pub struct Answering<E = Event> {
    events: UnboundedReceiver<E>,
    cancel: Arc<AtomicBool>,
}

impl<E> Answering<E> {
    /// Setting `cancel` ends the job too, which tells of its end then.
    pub(super) fn new(events: UnboundedReceiver<E>, cancel: Arc<AtomicBool>) -> Self {
        Self { events, cancel }
    }

    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<E> {
        self.events.recv().await
    }

    /// Its events as a stream, which ends the job when it is dropped.
    pub(super) fn into_stream(self) -> BoxStream<'static, E>
    where
        E: Send + 'static,
    {
        stream::unfold(self, |mut answering| async { Some((answering.next().await?, answering)) }).boxed()
    }
}

impl<E> Drop for Answering<E> {
    fn drop(&mut self) {
        self.cancel.store(true, Ordering::Relaxed);
    }
}

/// The client is gone.
struct Gone;

impl Job {
    /// Makes the answers, one after the other, and tells of each step. The prompt is computed once.
    pub(super) fn run(
        mut self,
        mut seat: Seat,
        cancel: Arc<AtomicBool>,
        events: &UnboundedSender<Event>,
        mut clock: TokenClock,
    ) {
        self.options.cancel = Some(cancel);
        for answer in 0..self.answers {
            match self.answer(answer, &mut seat, events, &mut clock) {
                Ok(Ok(())) => {}
                Ok(Err(Gone)) => return,
                Err(error) => {
                    // Nobody to tell is as good as told.
                    drop(events.send(Event::Failed(error)));
                    return;
                }
            }
        }
    }

    fn answer(
        &self,
        answer: u64,
        seat: &mut Seat,
        events: &UnboundedSender<Event>,
        clock: &mut TokenClock,
    ) -> Result<Result<(), Gone>, LlmError> {
        let mut options = self.options.clone();
        options.sampling.index = answer;
        let mut tools = self.toolbox.as_ref().map(Toolbox::parser);
        let mut generation = seat.session().generate(&self.prompt, options)?;
        let mut gone = false;
        while !gone && let Some(chunk) = generation.step()? {
            if chunk.id.is_some() {
                clock.token();
            }
            let chance = chunk.id.zip(chunk.log_probability).map(|(id, log_probability)| TokenChance {
                id,
                log_probability,
                alternatives: chunk.alternatives.to_vec(),
            });
            let (finish, mut text) = (chunk.finish, String::new());
            match &mut tools {
                Some(parser) => parser.push(chunk.text, &mut text),
                None => text.push_str(chunk.text),
            }
            let ended = finish.map(|reason| {
                let calls = tools.take().map_or_else(Vec::new, |parser| parser.finish(&mut text));
                Event::Finished { answer, reason, calls, stats: generation.stats() }
            });
            let progress = (!text.is_empty() || chance.is_some()).then_some(Event::Progress { answer, text, chance });
            gone = progress.into_iter().chain(ended).any(|event| events.send(event).is_err());
        }
        let usage = ChatUsage::from(generation.stats());
        // Several answers have one prompt.
        let is_first = answer == 0;
        metrics::took(if is_first { usage } else { ChatUsage { prompt_tokens: 0, cached_tokens: 0, ..usage } });
        Ok(if gone { Err(Gone) } else { Ok(()) })
    }
}
