//! What goes into the machine and comes out of it.

use std::time::Duration;

use crate::FRAME;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input<'a> {
    /// The microphone's next frame, with the probability that somebody speaks in it.
    Frame {
        /// At [`SAMPLE_RATE`](crate::SAMPLE_RATE).
        samples: &'a [f32; FRAME],
        /// Within [0, 1].
        speech: f32,
    },
    /// [`Work::Transcribe`] is done.
    Transcribed {
        /// Its job.
        job: u64,
        /// The words; empty where there are none.
        text: String,
    },
    /// [`Work::Judge`] is done.
    Judged {
        /// Its job.
        job: u64,
        /// The probability that the turn is complete.
        complete: f32,
    },
    /// Text came to an answer.
    Text {
        /// The answer.
        answer: u64,
        /// What came to it.
        text: String,
    },
    /// The text of an answer is whole.
    TextEnded {
        /// The answer.
        answer: u64,
    },
    /// Sound of a clause was made.
    Voice {
        /// Its answer.
        answer: u64,
        /// Its number.
        clause: usize,
        /// At the synthesiser's rate.
        samples: Vec<f32>,
    },
    /// The sound of a clause is whole.
    VoiceEnded {
        /// Its answer.
        answer: u64,
        /// Its number.
        clause: usize,
    },
    /// How much of an answer has come out of the loudspeaker.
    Played {
        /// The answer.
        answer: u64,
        /// Samples from its beginning.
        samples: u64,
    },
    /// Work failed.
    Failed {
        /// What.
        task: Task,
        /// Why.
        reason: String,
    },
    /// Somebody pressed something.
    User(User),
}

/// Buttons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// Push to talk is held from now on. Ends what is being said.
    Press,
    /// Push to talk is let go: the turn is over.
    Release,
    /// Ends what is being said.
    Tap,
    /// From now on nothing is heard or said.
    Mute,
    /// As before.
    Unmute,
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// [`Work::Transcribe`], by its job.
    Transcribe(u64),
    /// [`Work::Judge`], by its job.
    Judge(u64),
    /// [`Work::Answer`].
    Answer(u64),
    /// [`Work::Speak`], by answer and clause.
    Speak(u64, usize),
}

/// What the machine wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Of those who understand, think and speak.
    Work(Work),
    /// Of the loudspeaker.
    Playback(Playback),
    /// To be known.
    Event(Event),
}

/// Work to do. All of a kind is done in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Say what words are in this.
    Transcribe {
        /// Its number.
        job: u64,
        /// All of the turn so far.
        audio: Vec<f32>,
    },
    /// Say whether the turn is complete.
    Judge {
        /// The transcription that belongs to it.
        job: u64,
        /// All of the turn so far, with the silence at its end.
        audio: Vec<f32>,
    },
    /// Begin an answer. It may have to be taken back; [`Work::Settle`] says what became of it, once for every answer, and
    /// there is never a second one before.
    Answer {
        /// Its number.
        answer: u64,
        /// What was asked.
        question: String,
    },
    /// An answer is over. If it is still being made, it ends here.
    Settle {
        /// The answer.
        answer: u64,
        /// What the history has to hold of it.
        outcome: Outcome,
    },
    /// Say a clause.
    Speak {
        /// Its answer.
        answer: u64,
        /// Its number, from 0.
        clause: usize,
        /// Its words.
        text: String,
    },
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was heard to the end.
    Whole,
    /// Only this many bytes of its text were heard; the rest was never said.
    Cut(usize),
    /// Nothing was heard: neither question nor answer were.
    Discarded,
}

/// What the loudspeaker has to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Playback {
    /// Play this after what is there.
    Play {
        /// The answer it belongs to.
        answer: u64,
        /// At the synthesiser's rate.
        samples: Vec<f32>,
    },
    /// Go on quietly.
    Duck,
    /// Be silent and keep what is there.
    Pause,
    /// Go on as before, at full volume.
    Resume,
    /// Be silent and forget what is there. What comes next is played at full volume.
    Stop,
}

/// Who has the word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The person.
    #[default]
    Listening,
    /// Nobody yet: an answer is being made.
    Thinking,
    /// The assistant.
    Speaking,
}

/// What is worth showing.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody else has the word.
    State(State),
    /// How loud the microphone's last frame was: the root of the mean square, within [0, 1].
    Level(f32),
    /// Somebody speaks.
    SpeechStarted,
    /// They pause.
    SpeechStopped,
    /// What they said so far.
    Partial(String),
    /// What they said: the question that is answered. If they go on before anything of the answer is heard, another follows
    /// that has all of it.
    Final(String),
    /// Text came to the answer that will be said.
    Text(String),
    /// These words are being said now.
    Caption(String),
    /// An answer is over: what was heard of it.
    Answered {
        /// The beginning of its text, or all of it.
        text: String,
        /// Whether it was heard to the end.
        whole: bool,
    },
    /// What the wait for the answer that is beginning now was made of.
    Latency(Latency),
    /// Something failed. The conversation goes on without it.
    Failed(String),
}

/// When things happened, counted from the end of the person's speech. What was guessed right happened before the turn
/// ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// It was clear that they had finished.
    pub endpointing: Duration,
    /// Their words were there.
    pub transcript: Duration,
    /// The first text of the answer was there.
    pub first_text: Duration,
    /// The first clause was whole.
    pub first_clause: Duration,
    /// Its first sound was made.
    pub first_sound: Duration,
    /// It went to the loudspeaker.
    pub first_audio: Duration,
}
