//! Timelines: read, replayed and written.

use std::{fmt::Write, time::Duration};

use super::super::{Event, Input, Latency, Machine, Mode, Options, Outcome, Output, Playback, Task, User, Work};
use crate::{FRAME, SAMPLE_RATE};

/// Samples of speech a millisecond, as the scripts' synthesiser makes them.
const SAMPLES: usize = 24;
/// Milliseconds in a frame.
pub const FRAME_MS: usize = FRAME * 1000 / SAMPLE_RATE as usize;

/// A line of a timeline.
#[derive(Clone, Debug)]
pub enum Line {
    /// Milliseconds of frames with this probability of speech.
    Sound(usize, f32),
    /// The answer to the last transcription, and the one before.
    Heard(String),
    HeardLate(String),
    Judged(f32),
    Text(String),
    TextEnded,
    /// Milliseconds of sound for the first clause that has none, which is then whole; or a part of it.
    Voice(usize, bool),
    /// Milliseconds from the beginning of the answer.
    Played(usize),
    Fail(Failing),
    User(User),
}

/// Whose last work fails.
#[derive(Clone, Copy, Debug)]
pub enum Failing {
    Transcribe,
    Judge,
    Answer,
    Speak,
}

/// A machine with what it asked for.
pub struct Script {
    pub machine: Machine,
    now: usize,
    job: u64,
    judged: u64,
    answer: u64,
    /// Clauses to say: their answer and number.
    clauses: Vec<(u64, usize)>,
}

impl Script {
    pub fn new(options: Options) -> Self {
        Self { machine: Machine::new(options), now: 0, job: 0, judged: 0, answer: 0, clauses: Vec::new() }
    }

    /// The lines of a timeline that say what happens, each with what the machine gives out now.
    pub fn replay(written: &str) -> String {
        let mut options = Options::default();
        let mut script = None;
        let mut text = String::new();
        for line in written.lines().filter(|line| !line.starts_with('>')) {
            writeln!(text, "{line}").unwrap();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "" | "#" => continue,
                "push-to-talk" => options.mode = Mode::PushToTalk,
                "wake" => options.wake_phrase = Some(rest.to_owned()),
                "longest-turn" => options.longest_turn = Duration::from_millis(rest.parse().unwrap()),
                _ => {
                    let script = script.get_or_insert_with(|| Self::new(options.clone()));
                    for (at, output) in script.run(&parse(line)) {
                        if let Some(output) = describe(&output) {
                            writeln!(text, "> {at:5} {output}").unwrap();
                        }
                    }
                }
            }
        }
        text
    }

    /// Does what a line says. What nobody asked for does not happen.
    pub fn run(&mut self, line: &Line) -> Vec<(usize, Output)> {
        let job = self.job;
        match line {
            Line::Sound(time, speech) => {
                let frame = [*speech * 0.5; FRAME];
                let frames = (0..time / FRAME_MS).flat_map(|_| {
                    self.now += FRAME_MS;
                    self.take(Input::Frame { samples: &frame, speech: *speech })
                });
                frames.collect()
            }
            Line::Heard(text) => self.take(Input::Transcribed { job, text: text.clone() }),
            Line::HeardLate(text) => self.take(Input::Transcribed { job: job.saturating_sub(1), text: text.clone() }),
            Line::Judged(complete) => self.take(Input::Judged { job: self.judged, complete: *complete }),
            Line::Text(text) => self.take(Input::Text { answer: self.answer, text: text.clone() }),
            Line::TextEnded => self.take(Input::TextEnded { answer: self.answer }),
            Line::Voice(time, whole) => {
                let Some(&(answer, clause)) = self.clauses.first() else { return Vec::new() };
                let samples = vec![0.5; time * SAMPLES];
                let mut outputs = self.take(Input::Voice { answer, clause, samples });
                if *whole {
                    self.clauses.remove(0);
                    outputs.extend(self.take(Input::VoiceEnded { answer, clause }));
                }
                outputs
            }
            Line::Played(time) => self.take(Input::Played { answer: self.answer, samples: (time * SAMPLES) as u64 }),
            Line::Fail(failing) => {
                let task = match failing {
                    Failing::Transcribe => Task::Transcribe(job),
                    Failing::Judge => Task::Judge(self.judged),
                    Failing::Answer => Task::Answer(self.answer),
                    Failing::Speak if self.clauses.is_empty() => return Vec::new(),
                    Failing::Speak => {
                        let (answer, clause) = self.clauses.remove(0);
                        Task::Speak(answer, clause)
                    }
                };
                self.take(Input::Failed { task, reason: "out of order".to_owned() })
            }
            Line::User(user) => self.take(Input::User(*user)),
        }
    }

    fn take(&mut self, input: Input<'_>) -> Vec<(usize, Output)> {
        let outputs = self.machine.handle(Duration::from_millis(self.now as u64), input);
        for output in &outputs {
            match output {
                Output::Work(Work::Transcribe { job, .. }) => self.job = *job,
                Output::Work(Work::Judge { job, .. }) => self.judged = *job,
                Output::Work(Work::Answer { answer, .. }) => self.answer = *answer,
                Output::Work(Work::Speak { answer, clause, .. }) => {
                    self.answer = *answer;
                    self.clauses.retain(|(known, _)| known == answer);
                    self.clauses.push((*answer, *clause));
                }
                _ => {}
            }
        }
        outputs.into_iter().map(|output| (self.now, output)).collect()
    }
}

fn parse(line: &str) -> Line {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = || rest.parse().unwrap_or_else(|_| panic!("{line}: a number"));
    // The text of a line is what stands between its quotes, so that spaces at its ends are seen.
    let text = || rest.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect(line).replace("\\n", "\n");
    match word {
        "speech" => Line::Sound(number(), 0.9),
        "falter" => Line::Sound(number(), 0.4),
        "silence" => Line::Sound(number(), 0.05),
        "heard" => Line::Heard(text()),
        "heard-late" => Line::HeardLate(text()),
        "complete" => Line::Judged(0.9),
        "incomplete" => Line::Judged(0.1),
        "unsure" => Line::Judged(0.4),
        "text" => Line::Text(text()),
        "text-ends" => Line::TextEnded,
        "voice" => Line::Voice(number(), true),
        "voice-part" => Line::Voice(number(), false),
        "played" => Line::Played(number()),
        "fail" => Line::Fail(match rest {
            "transcribe" => Failing::Transcribe,
            "judge" => Failing::Judge,
            "answer" => Failing::Answer,
            "speak" => Failing::Speak,
            other => panic!("nobody called {other} can fail"),
        }),
        "press" => Line::User(User::Press),
        "release" => Line::User(User::Release),
        "tap" => Line::User(User::Tap),
        "mute" => Line::User(User::Mute),
        "unmute" => Line::User(User::Unmute),
        other => panic!("{other} does not happen"),
    }
}

fn describe(output: &Output) -> Option<String> {
    let heard = |audio: &[f32]| audio.len() * 1000 / SAMPLE_RATE as usize;
    Some(match output {
        Output::Work(Work::Transcribe { job, audio }) => format!("transcribe {job}, {} ms", heard(audio)),
        Output::Work(Work::Judge { job, audio }) => format!("judge {job}, {} ms", heard(audio)),
        Output::Work(Work::Answer { answer, question }) => format!("answer {answer} {question:?}"),
        Output::Work(Work::Settle { answer, outcome }) => match outcome {
            Outcome::Whole => format!("settle {answer}: whole"),
            Outcome::Cut(bytes) => format!("settle {answer}: cut to {bytes} bytes"),
            Outcome::Discarded => format!("settle {answer}: discarded"),
        },
        Output::Work(Work::Speak { answer, clause, text }) => format!("speak {answer}.{clause} {text:?}"),
        Output::Playback(Playback::Play { answer, samples }) => {
            format!("play {answer}, {} ms", samples.len() / SAMPLES)
        }
        Output::Playback(other) => format!("{other:?}").to_lowercase(),
        Output::Event(Event::Level(_)) => return None,
        Output::Event(Event::State(state)) => format!("[{}]", format!("{state:?}").to_lowercase()),
        Output::Event(Event::Latency(latency)) => {
            let Latency { endpointing, transcript, first_text, first_clause, first_sound, first_audio } = latency;
            let times = [endpointing, transcript, first_text, first_clause, first_sound, first_audio]
                .map(|time| time.as_millis());
            format!("after {times:?} ms")
        }
        Output::Event(Event::Answered { text, whole }) => {
            format!("answered {text:?}{}", if *whole { "" } else { ", interrupted" })
        }
        Output::Event(event) => format!("{event:?}"),
    })
}
