//! Runs the machine with real parts and a real clock.

mod workers;

#[cfg(test)]
mod tests;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{Event, Input, Machine, Options, Output, Task, Thinker, User, Work};
use crate::{EndOfTurn, FRAME, Manner, Recognizer, Synthesizer, VoiceActivity};
use workers::{Queue, Thought, Utterance};

/// What a conversation is made of.
pub struct Parts {
    /// Hears that somebody speaks.
    pub activity: Box<dyn VoiceActivity>,
    /// Hears that they have finished.
    pub end_of_turn: Box<dyn EndOfTurn>,
    /// Hears what they said.
    pub recognizer: Box<dyn Recognizer>,
    /// Thinks of the answer.
    pub thinker: Box<dyn Thinker>,
    /// Says it.
    pub synthesizer: Box<dyn Synthesizer>,
    /// How.
    pub manner: Manner,
}

/// A conversation under way: the machine on a thread of its own, and each part on another. Dropping it ends all of them.
pub struct Driver {
    inbox: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

/// What the machine's thread waits for.
enum Message {
    Frame(Box<[f32; FRAME]>),
    Happened(Input<'static>),
    End,
}

impl Driver {
    /// Begins a conversation. `report` is told of every output with the time since the beginning; what concerns the
    /// loudspeaker is for it to do, [`Output::Work`] is done already.
    pub fn start(parts: Parts, options: Options, report: impl FnMut(Duration, Output) + Send + 'static) -> Self {
        let (inbox, messages) = mpsc::channel();
        let conversation = Conversation::new(parts, options, inbox.clone(), Box::new(report));
        Self { inbox, thread: Some(thread::spawn(move || conversation.run(&messages))) }
    }

    /// Hears the microphone's next frame.
    pub fn hear(&self, frame: &[f32; FRAME]) {
        self.send(Message::Frame(Box::new(*frame)));
    }

    /// Somebody pressed something.
    pub fn user(&self, user: User) {
        self.send(Message::Happened(Input::User(user)));
    }

    /// So many samples of an answer have come out of the loudspeaker.
    pub fn played(&self, answer: u64, samples: u64) {
        self.send(Message::Happened(Input::Played { answer, samples }));
    }

    fn send(&self, message: Message) {
        // The other end lives until this is dropped.
        let _ = self.inbox.send(message);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.send(Message::End);
        if let Some(thread) = self.thread.take() {
            // Whoever waits for a conversation that panicked has nothing to gain from panicking too.
            let _ = thread.join();
        }
    }
}

struct Conversation {
    machine: Machine,
    activity: Box<dyn VoiceActivity>,
    transcriptions: Queue,
    judgements: Queue,
    thoughts: Sender<Thought>,
    utterances: Sender<Utterance>,
    /// The answer that is wanted; work for another ends early.
    wanted: Arc<AtomicU64>,
    workers: Vec<JoinHandle<()>>,
    started: Instant,
    report: Box<dyn FnMut(Duration, Output) + Send>,
}

impl Conversation {
    fn new(
        parts: Parts,
        options: Options,
        inbox: Sender<Message>,
        report: Box<dyn FnMut(Duration, Output) + Send>,
    ) -> Self {
        let wanted = Arc::new(AtomicU64::new(0));
        let (transcriptions, recognizing) = Queue::start(inbox.clone(), workers::recognize(parts.recognizer));
        let (judgements, judging) = Queue::start(inbox.clone(), workers::judge(parts.end_of_turn));
        let (thoughts, thinking) = workers::think(parts.thinker, inbox.clone(), wanted.clone());
        let (utterances, speaking) = workers::speak(parts.synthesizer, parts.manner, inbox, wanted.clone());
        Self {
            machine: Machine::new(options),
            activity: parts.activity,
            transcriptions,
            judgements,
            thoughts,
            utterances,
            wanted,
            workers: vec![recognizing, judging, thinking, speaking],
            started: Instant::now(),
            report,
        }
    }

    fn run(mut self, messages: &Receiver<Message>) {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Frame(samples) => self.hear(&samples),
                Message::Happened(input) => self.happened(input),
                Message::End => break,
            }
        }
        self.wanted.store(0, Ordering::Relaxed);
        let workers = std::mem::take(&mut self.workers);
        // With the queues, what the workers wait for is gone.
        drop(self);
        for worker in workers {
            let _ = worker.join();
        }
    }

    fn hear(&mut self, samples: &[f32; FRAME]) {
        let speech = match self.activity.probability(samples) {
            Ok(speech) => speech,
            Err(error) => {
                (self.report)(self.started.elapsed(), Output::Event(Event::Failed(error.to_string())));
                0.0
            }
        };
        self.happened(Input::Frame { samples, speech });
    }

    fn happened(&mut self, input: Input<'_>) {
        match &input {
            Input::Transcribed { .. } | Input::Failed { task: Task::Transcribe(_), .. } => {
                self.transcriptions.is_done()
            }
            Input::Judged { .. } | Input::Failed { task: Task::Judge(_), .. } => self.judgements.is_done(),
            _ => {}
        }
        let now = self.started.elapsed();
        for output in self.machine.handle(now, input) {
            if let Output::Work(work) = &output {
                self.begin(work);
            }
            (self.report)(now, output);
        }
        self.transcriptions.go_on(&self.machine);
        self.judgements.go_on(&self.machine);
    }

    /// Hands work to who does it. That they are there is certain: they live as long as this.
    fn begin(&mut self, work: &Work) {
        match work {
            Work::Transcribe { job, audio } => self.transcriptions.add(*job, audio),
            Work::Judge { job, audio } => self.judgements.add(*job, audio),
            Work::Answer { answer, question } => {
                self.wanted.store(*answer, Ordering::Relaxed);
                let _ = self.thoughts.send(Thought::Answer { answer: *answer, question: question.clone() });
            }
            Work::Settle { outcome, .. } => {
                self.wanted.store(0, Ordering::Relaxed);
                let _ = self.thoughts.send(Thought::Settle(*outcome));
            }
            Work::Speak { answer, clause, text } => {
                self.wanted.store(*answer, Ordering::Relaxed);
                let utterance = Utterance { answer: *answer, clause: *clause, text: text.clone() };
                let _ = self.utterances.send(utterance);
            }
        }
    }
}
