//! A room at real pace: a microphone that hears recordings, and a loudspeaker.

use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::bail;
use sottovoce_voice::{
    FRAME, SAMPLE_RATE,
    conversation::{Driver, Event, Latency, Options, Output, Parts, Playback, State, User},
};

use crate::{interrupt, talking};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// So much of an answer has to be left for it to be interrupted: more than it takes to fall silent.
const LEFT_TO_SAY: Duration = Duration::from_millis(600);
/// The time of a frame.
pub const FRAME_TIME: Duration = Duration::from_nanos(1_000_000_000 * FRAME as u64 / SAMPLE_RATE as u64);
/// A frame is loud from this root of the mean square on.
const LOUD: f32 = 0.01;

/// Somebody in the room, and the conversation that they have.
pub struct Room {
    driver: Driver,
    outputs: Receiver<(Instant, Output)>,
    loudspeaker: Loudspeaker,
    next_frame: Instant,
    /// What is heard when nobody speaks, and how much of it was.
    noise: Vec<f32>,
    hushed: usize,
}

/// What is played, in samples.
struct Loudspeaker {
    sample_rate: u32,
    answer: u64,
    received: u64,
    played: f64,
    silent: bool,
    /// Until when it has played, or been silent.
    now: Instant,
    /// Something was wanted and not there.
    starved: bool,
    underruns: usize,
}

/// What came of something that was said.
#[derive(Default)]
pub struct Heard {
    pub question: Option<String>,
    pub latency: Option<Latency>,
    /// How often the turn was taken for over before it was. An answer to that is taken back where nothing of it was heard.
    pub early: usize,
    /// An answer was heard before the turn was over.
    pub cut_short: bool,
}

impl Room {
    /// Begins a conversation.
    pub fn open(parts: Parts, options: Options) -> Self {
        let sample_rate = parts.synthesizer.sample_rate();
        let (reports, outputs) = mpsc::channel();
        let driver = Driver::start(parts, options, move |_, output| _ = reports.send((Instant::now(), output)));
        let loudspeaker = Loudspeaker {
            sample_rate,
            answer: 0,
            received: 0,
            played: 0.0,
            silent: false,
            now: Instant::now(),
            starved: false,
            underruns: 0,
        };
        let noise = vec![0.0; FRAME];
        Self { driver, outputs, loudspeaker, next_frame: Instant::now(), noise, hushed: 0 }
    }

    /// How often the loudspeaker had nothing to play in the middle of an answer.
    pub fn underruns(&self) -> usize {
        self.loudspeaker.underruns
    }

    /// Whether an answer is being said, and will be for a while.
    pub fn is_speaking(&self) -> bool {
        let Loudspeaker { sample_rate, received, played, .. } = self.loudspeaker;
        received as f64 - played > LEFT_TO_SAY.as_secs_f64() * f64::from(sample_rate)
    }

    /// From now on, this is heard when nobody speaks.
    pub fn set_noise(&mut self, noise: &[f32]) {
        (self.noise, self.hushed) = (noise.to_vec(), 0);
    }

    /// The next frame of it.
    fn noise(&mut self) -> [f32; FRAME] {
        let length = self.noise.len();
        let frame = std::array::from_fn(|at| self.noise[(self.hushed + at) % length]);
        self.hushed = (self.hushed + FRAME) % length;
        frame
    }

    /// Says a recording and waits for the first sound of the answer.
    pub fn ask(&mut self, recording: &[f32]) -> anyhow::Result<Heard> {
        let mut heard = Heard::default();
        let frames: Vec<_> = talking::frames(recording).collect();
        let speech = frames.iter().rposition(is_loud).map_or(0, |last| last + 1);
        for (number, frame) in frames.iter().enumerate() {
            self.pass_frame(frame, &mut |_, output| {
                if number < speech {
                    heard.early += usize::from(matches!(output, Output::Event(Event::Final(_))));
                    heard.cut_short |= matches!(output, Output::Playback(Playback::Play { .. }));
                }
                note(output, &mut heard);
            })?;
        }
        let end = Instant::now() + PATIENCE;
        while heard.latency.is_none() && Instant::now() < end {
            let frame = self.noise();
            self.pass_frame(&frame, &mut |_, output| note(output, &mut heard))?;
        }
        Ok(heard)
    }

    /// Listens for a while, or to the end of the answer.
    pub fn listen(&mut self, most: Duration) -> anyhow::Result<()> {
        let mut over = false;
        let end = Instant::now() + most;
        while !over && Instant::now() < end {
            let is_over = |output: &Output| matches!(output, Output::Event(Event::State(State::Listening)));
            let frame = self.noise();
            self.pass_frame(&frame, &mut |_, output| over |= is_over(output))?;
        }
        Ok(())
    }

    /// Says a recording over the answer. Returns the time from the beginning of the speech in it, by its loudness, to the last
    /// sample that was played; `None` when the answer was not silent for good before the recording ended.
    pub fn interrupt(&mut self, recording: &[f32]) -> anyhow::Result<Option<Duration>> {
        let (mut began, mut silent) = (None, None);
        for frame in talking::frames(recording) {
            if is_loud(&frame) {
                // The microphone gives a frame when it is over.
                began.get_or_insert_with(|| self.next_frame - FRAME_TIME);
            }
            self.pass_frame(&frame, &mut |at, output| match output {
                Output::Playback(Playback::Pause | Playback::Stop) => _ = silent.get_or_insert(at),
                Output::Playback(Playback::Resume) => silent = None,
                _ => {}
            })?;
        }
        Ok(began.zip(silent).map(|(began, silent)| silent.saturating_duration_since(began)))
    }

    /// Ends the answer, and what was said over it, and waits until nothing is left of them.
    pub fn end(&mut self) -> anyhow::Result<()> {
        self.driver.user(User::Mute);
        self.driver.user(User::Unmute);
        for _ in 0..16 {
            let frame = self.noise();
            self.pass_frame(&frame, &mut |_, _| {})?;
        }
        Ok(())
    }

    /// The time of a frame: the microphone hears it, and the loudspeaker plays.
    fn pass_frame(&mut self, frame: &[f32; FRAME], see: &mut dyn FnMut(Instant, &Output)) -> anyhow::Result<()> {
        interrupt::stop_if_asked()?;
        self.next_frame = self.next_frame.max(Instant::now() - FRAME_TIME);
        loop {
            match self.outputs.recv_timeout(self.next_frame.saturating_duration_since(Instant::now())) {
                Ok((at, output)) => {
                    self.loudspeaker.play_until(at, &self.driver);
                    see(at, &output);
                    self.loudspeaker.take(&output);
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => bail!("the conversation broke off"),
            }
        }
        self.driver.hear(frame);
        self.loudspeaker.play_until(Instant::now(), &self.driver);
        self.next_frame += FRAME_TIME;
        Ok(())
    }
}

fn is_loud(frame: &[f32; FRAME]) -> bool {
    (frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32).sqrt() > LOUD
}

/// Notes what the person's turn became.
fn note(output: &Output, heard: &mut Heard) {
    match output {
        Output::Event(Event::Final(question)) => heard.question = Some(question.clone()),
        Output::Event(Event::Latency(latency)) => heard.latency = Some(*latency),
        _ => {}
    }
}

impl Loudspeaker {
    fn take(&mut self, output: &Output) {
        match output {
            Output::Playback(Playback::Play { answer, samples }) => {
                if *answer != self.answer {
                    (self.answer, self.received, self.played, self.silent) = (*answer, 0, 0.0, false);
                }
                self.received += samples.len() as u64;
                self.underruns += usize::from(std::mem::take(&mut self.starved));
            }
            Output::Playback(Playback::Pause) => self.silent = true,
            Output::Playback(Playback::Resume) => self.silent = false,
            Output::Playback(Playback::Stop) | Output::Event(Event::State(State::Listening)) => {
                (self.received, self.played, self.starved) = (0, 0.0, false);
            }
            _ => {}
        }
    }

    /// Plays, unless it is to be silent. What is missing is an underrun if more of the answer comes later.
    fn play_until(&mut self, now: Instant, driver: &Driver) {
        let time = now.saturating_duration_since(self.now);
        self.now = self.now.max(now);
        if self.silent || self.received == 0 || time.is_zero() {
            return;
        }
        self.played += time.as_secs_f64() * f64::from(self.sample_rate);
        if self.played >= self.received as f64 {
            (self.played, self.starved) = (self.received as f64, true);
        }
        driver.played(self.answer, self.played as u64);
    }
}
