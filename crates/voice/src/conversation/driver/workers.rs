//! The threads on which the parts work.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Sender},
    },
    thread::{self, JoinHandle},
};

use super::super::Outcome;
use super::{Input, Machine, Message, Task, Thinker};
use crate::{EndOfTurn, Manner, Recognizer, Synthesizer};

/// Work on what was heard. The machine asks for more than it still wants when its turn has come, so what waits is looked at
/// again before it begins.
pub(super) struct Queue {
    jobs: Sender<(u64, Vec<f32>)>,
    waiting: VecDeque<(u64, Vec<f32>)>,
    busy: bool,
}

impl Queue {
    /// A queue for one worker, and its thread.
    pub fn start(
        inbox: Sender<Message>,
        mut work: impl FnMut(u64, &[f32]) -> Input<'static> + Send + 'static,
    ) -> (Self, JoinHandle<()>) {
        let (jobs, received) = mpsc::channel::<(u64, Vec<f32>)>();
        let worker = thread::spawn(move || {
            for (job, audio) in received {
                // Nobody to tell is as good as told.
                let _ = inbox.send(Message::Happened(work(job, &audio)));
            }
        });
        (Self { jobs, waiting: VecDeque::new(), busy: false }, worker)
    }

    pub fn add(&mut self, job: u64, audio: &[f32]) {
        self.waiting.push_back((job, audio.to_vec()));
    }

    /// The worker has finished a job.
    pub fn is_done(&mut self) {
        self.busy = false;
    }

    /// Begins the next job that is still wanted, if the worker is free.
    pub fn go_on(&mut self, machine: &Machine) {
        while !self.busy
            && let Some((job, audio)) = self.waiting.pop_front()
        {
            self.busy = machine.wants(job) && self.jobs.send((job, audio)).is_ok();
        }
    }
}

pub(super) fn recognize(mut recognizer: Box<dyn Recognizer>) -> impl FnMut(u64, &[f32]) -> Input<'static> + Send {
    move |job, audio| match recognizer.recognize(audio) {
        Ok(text) => Input::Transcribed { job, text },
        Err(error) => Input::Failed { task: Task::Transcribe(job), reason: error.to_string() },
    }
}

pub(super) fn judge(mut end_of_turn: Box<dyn EndOfTurn>) -> impl FnMut(u64, &[f32]) -> Input<'static> + Send {
    move |job, audio| match end_of_turn.probability(audio) {
        Ok(complete) => Input::Judged { job, complete },
        Err(error) => Input::Failed { task: Task::Judge(job), reason: error.to_string() },
    }
}

/// What the thinker does.
pub(super) enum Thought {
    Answer { answer: u64, question: String },
    Settle(Outcome),
}

pub(super) fn think(
    mut thinker: Box<dyn Thinker>,
    inbox: Sender<Message>,
    wanted: Arc<AtomicU64>,
) -> (Sender<Thought>, JoinHandle<()>) {
    let (thoughts, received) = mpsc::channel();
    let worker = thread::spawn(move || {
        let tell = |input| _ = inbox.send(Message::Happened(input));
        let mut last = 0;
        for thought in received {
            let done = match thought {
                Thought::Answer { answer, question } => {
                    last = answer;
                    let sink = &mut |text: &str| {
                        tell(Input::Text { answer, text: text.to_owned() });
                        if_wanted(&wanted, answer)
                    };
                    thinker.answer(&question, sink).map(|()| tell(Input::TextEnded { answer }))
                }
                Thought::Settle(outcome) => thinker.settle(outcome),
            };
            if let Err(error) = done {
                tell(Input::Failed { task: Task::Answer(last), reason: error.to_string() });
            }
        }
    });
    (thoughts, worker)
}

/// A clause to say.
pub(super) struct Utterance {
    pub answer: u64,
    pub clause: usize,
    pub text: String,
}

pub(super) fn speak(
    mut synthesizer: Box<dyn Synthesizer>,
    manner: Manner,
    inbox: Sender<Message>,
    wanted: Arc<AtomicU64>,
) -> (Sender<Utterance>, JoinHandle<()>) {
    let (utterances, received) = mpsc::channel::<Utterance>();
    let worker = thread::spawn(move || {
        let tell = |input| _ = inbox.send(Message::Happened(input));
        for Utterance { answer, clause, text } in received {
            if if_wanted(&wanted, answer).is_break() {
                continue;
            }
            let said = synthesizer.synthesize(&text, &manner, &mut |samples| {
                tell(Input::Voice { answer, clause, samples: samples.to_vec() });
                if_wanted(&wanted, answer)
            });
            tell(match said {
                Ok(()) => Input::VoiceEnded { answer, clause },
                Err(error) => Input::Failed { task: Task::Speak(answer, clause), reason: error.to_string() },
            });
        }
    });
    (utterances, worker)
}

fn if_wanted(wanted: &AtomicU64, answer: u64) -> ControlFlow<()> {
    if wanted.load(Ordering::Relaxed) == answer { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
