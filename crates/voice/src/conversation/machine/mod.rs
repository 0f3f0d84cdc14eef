//! The rules of a conversation. `hearing` has those of the person's turn, `answering` those of the assistant's.

mod answering;
mod hearing;

use std::{collections::VecDeque, time::Duration};

use super::{
    Activity, Answer, Event, Input, Mode, Options, Output, Playback, State, Task, User, Work,
    options::samples as samples_of,
};
use crate::FRAME;

/// Joins the parts of a spoken conversation: takes what happened and says what to do.
pub struct Machine {
    options: Options,
    activity: Activity,
    /// The last of what was heard, for the beginning of the next turn.
    recent: VecDeque<f32>,
    turn: Option<Turn>,
    reply: Option<Reply>,
    muted: bool,
    /// Push to talk is held.
    pressed: bool,
    volume: Volume,
    last_job: u64,
    last_answer: u64,
    /// Until when a turn needs no wake phrase.
    awake_until: Option<Duration>,
    /// What [`Event::State`] said last.
    told: State,
    now: Duration,
    outputs: Vec<Output>,
}

/// What a person says.
struct Turn {
    audio: Vec<f32>,
    /// Frames of speech in it.
    voiced: u32,
    /// It is said over an answer, and may be no more than a remark or a noise.
    interrupting: bool,
    /// It needs no wake phrase.
    addressed: bool,
    /// The words of earlier audio, where the turn is longer than a recogniser takes, and the job of such a part.
    earlier: String,
    part: Option<u64>,
    /// The transcription of unfinished speech that is under way, and how much audio the last had.
    partial: Option<u64>,
    transcribed: usize,
    guess: Option<Guess>,
    /// It is over, unless the person goes on before anything of the answer is heard.
    ended: bool,
    times: Times,
}

/// What is made of the turn in the present silence.
#[derive(Default)]
struct Guess {
    job: u64,
    text: Option<String>,
    /// The probability that the turn is complete, once the model of turns has said it.
    complete: Option<f32>,
}

/// When things happened to a turn.
#[derive(Clone, Copy, Default)]
struct Times {
    last_speech: Duration,
    ended: Duration,
    transcript: Duration,
    first_text: Option<Duration>,
    first_clause: Option<Duration>,
    first_sound: Option<Duration>,
}

/// What the assistant says.
struct Reply {
    id: u64,
    /// Somebody thinks about it, so that it has to be settled.
    thought: bool,
    /// The turn that it answers is over, so that it may be heard.
    committed: bool,
    answer: Answer,
    /// Clauses that are being made into sound, or were.
    spoken: usize,
    /// Clauses that were shown.
    shown: usize,
    /// Sound from before it may be heard.
    held: Vec<Vec<f32>>,
    /// Samples that went to the loudspeaker, and that came out of it.
    sent: u64,
    played: u64,
}

/// How the loudspeaker plays.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Volume {
    Full,
    Ducked,
    Paused,
}

impl Machine {
    /// A conversation in which nothing was said.
    pub fn new(options: Options) -> Self {
        let activity = Activity::new(options.speech, options.still_speech, options.onset, options.pause);
        Self {
            options,
            activity,
            recent: VecDeque::new(),
            turn: None,
            reply: None,
            muted: false,
            pressed: false,
            volume: Volume::Full,
            last_job: 0,
            last_answer: 0,
            awake_until: None,
            told: State::Listening,
            now: Duration::ZERO,
            outputs: Vec::new(),
        }
    }

    /// Takes what happened at `now`, a time since any beginning that never goes back, and says what to do about it. What
    /// belongs to work that nobody wants any more is ignored.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) -> Vec<Output> {
        self.now = now.max(self.now);
        match input {
            Input::Frame { samples, speech } => self.hear(samples, speech),
            Input::Transcribed { job, text } => self.transcribed(job, text),
            Input::Judged { job, complete } => _ = self.judged(job, complete),
            Input::Text { answer, text } => self.text_came(answer, &text),
            Input::TextEnded { answer } => self.text_ended(answer),
            Input::Voice { answer, clause, samples } => self.voice_came(answer, clause, samples),
            Input::VoiceEnded { answer, clause } => _ = self.voice_ended(answer, clause),
            Input::Played { answer, samples } => self.played(answer, samples),
            Input::Failed { task, reason } => self.failed(task, reason),
            Input::User(user) => self.user(user),
        }
        let state = self.state();
        if state != self.told {
            self.told = state;
            // It is said before the first sound and behind the last.
            let at = if state == State::Speaking { 0 } else { self.outputs.len() };
            self.outputs.insert(at, Output::Event(Event::State(state)));
        }
        std::mem::take(&mut self.outputs)
    }

    /// Who has the word.
    pub fn state(&self) -> State {
        if self.reply.as_ref().is_some_and(Reply::is_audible) {
            State::Speaking
        } else if self.reply.as_ref().is_some_and(|reply| reply.committed)
            || self.turn.as_ref().is_some_and(|t| t.ended)
        {
            State::Thinking
        } else {
            State::Listening
        }
    }

    /// Whether a job of [`Work::Transcribe`] or [`Work::Judge`] is still of use.
    pub fn wants(&self, job: u64) -> bool {
        self.turn.as_ref().is_some_and(|turn| {
            [turn.part, turn.partial, turn.guess.as_ref().map(|guess| guess.job)].contains(&Some(job))
        })
    }

    fn user(&mut self, user: User) {
        match user {
            User::Press if !self.muted && !self.pressed => {
                self.drop_ended_turn();
                self.interrupt();
                self.pressed = true;
                match &mut self.turn {
                    Some(turn) => turn.addressed = true,
                    None => self.begin_turn(),
                }
            }
            User::Release if self.pressed => {
                self.pressed = false;
                self.end_pressed_turn();
            }
            User::Tap => {
                self.drop_ended_turn();
                self.interrupt();
            }
            User::Mute => {
                (self.muted, self.pressed) = (true, false);
                self.turn = None;
                self.interrupt();
                self.activity.reset();
                self.recent.clear();
            }
            User::Unmute => self.muted = false,
            User::Press | User::Release => {}
        }
    }

    fn failed(&mut self, task: Task, reason: String) {
        let wanted = match task {
            Task::Transcribe(job) => self.transcription_failed(job),
            Task::Judge(job) => self.judged(job, 0.0),
            Task::Answer(answer) => self.answer_failed(answer),
            Task::Speak(answer, clause) => self.voice_ended(answer, clause),
        };
        if wanted {
            self.tell(Event::Failed(reason));
        }
    }

    /// Whether speech alone means something.
    fn listens(&self) -> bool {
        self.pressed || self.options.mode == Mode::HandsFree
    }

    fn work(&mut self, work: Work) {
        self.outputs.push(Output::Work(work));
    }

    fn playback(&mut self, playback: Playback) {
        self.outputs.push(Output::Playback(playback));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push(Output::Event(event));
    }

    /// Keeps the last of what was heard.
    fn remember(&mut self, frame: &[f32; FRAME]) {
        self.recent.extend(frame);
        let surplus = self.recent.len().saturating_sub(samples_of(self.options.pre_roll));
        self.recent.drain(..surplus);
    }
}
