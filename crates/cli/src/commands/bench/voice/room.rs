//! A room at real pace: a microphone that hears recordings, and a loudspeaker.

use std::{
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use sottovoce_voice::{
    FRAME, SAMPLE_RATE,
    conversation::{Driver, Event, Latency, Options, Output, Parts, Playback, State, User},
};

use crate::{interrupt, talking};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(15);
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
}

/// What is played, in samples.
struct Loudspeaker {
    sample_rate: u32,
    answer: u64,
    received: u64,
    played: f64,
    silent: bool,
    /// Something was wanted and not there.
    starved: bool,
    underruns: usize,
}

/// What came of something that was said.
#[derive(Default)]
pub struct Heard {
    pub question: Option<String>,
    pub latency: Option<Latency>,
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
            starved: false,
            underruns: 0,
        };
        Self { driver, outputs, loudspeaker, next_frame: Instant::now() }
    }

    /// How often the loudspeaker had nothing to play in the middle of an answer.
    pub fn underruns(&self) -> usize {
        self.loudspeaker.underruns
    }

    /// Whether an answer is being said, and will be for a second.
    pub fn is_speaking(&self) -> bool {
        let Loudspeaker { sample_rate, received, played, .. } = self.loudspeaker;
        received as f64 - played > f64::from(sample_rate)
    }

    /// Says a recording and waits for the first sound of the answer.
    pub fn ask(&mut self, recording: &[f32]) -> anyhow::Result<Heard> {
        let mut heard = Heard::default();
        for frame in talking::frames(recording) {
            self.pass_frame(&frame, &mut |_, output| note(output, &mut heard))?;
        }
        let end = Instant::now() + PATIENCE;
        while heard.latency.is_none() && Instant::now() < end {
            self.pass_frame(&[0.0; FRAME], &mut |_, output| note(output, &mut heard))?;
        }
        Ok(heard)
    }

    /// Listens for a while, or to the end of the answer.
    pub fn listen(&mut self, most: Duration) -> anyhow::Result<()> {
        let mut over = false;
        let end = Instant::now() + most;
        while !over && Instant::now() < end {
            let is_over = |output: &Output| matches!(output, Output::Event(Event::State(State::Listening)));
            self.pass_frame(&[0.0; FRAME], &mut |_, output| over |= is_over(output))?;
        }
        Ok(())
    }

    /// Says a recording over the answer. Returns the time from the beginning of the speech in it to silence; `None` when the
    /// answer was not silent before the recording ended.
    pub fn interrupt(&mut self, recording: &[f32]) -> anyhow::Result<Option<Duration>> {
        let (mut began, mut silent) = (None, None);
        for frame in talking::frames(recording) {
            let level = (frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32).sqrt();
            if level > LOUD {
                // The microphone gives a frame when it is over.
                began.get_or_insert_with(|| self.next_frame - FRAME_TIME);
            }
            self.pass_frame(&frame, &mut |at, output| {
                if let Output::Playback(Playback::Pause | Playback::Stop) = output {
                    silent.get_or_insert(at);
                }
            })?;
        }
        Ok(began.zip(silent).map(|(began, silent)| silent.saturating_duration_since(began)))
    }

    /// Ends the answer, and what was said over it, and waits until nothing is left of them.
    pub fn end(&mut self) -> anyhow::Result<()> {
        self.driver.user(User::Mute);
        self.driver.user(User::Unmute);
        for _ in 0..16 {
            self.pass_frame(&[0.0; FRAME], &mut |_, _| {})?;
        }
        Ok(())
    }

    /// The time of a frame: the microphone hears it, and the loudspeaker plays.
    fn pass_frame(&mut self, frame: &[f32; FRAME], see: &mut dyn FnMut(Instant, &Output)) -> anyhow::Result<()> {
        interrupt::stop_if_asked()?;
        self.next_frame = self.next_frame.max(Instant::now() - FRAME_TIME);
        thread::sleep(self.next_frame.saturating_duration_since(Instant::now()));
        self.driver.hear(frame);
        self.loudspeaker.play(&self.driver);
        self.next_frame += FRAME_TIME;
        while let Ok((at, output)) = self.outputs.try_recv() {
            see(at, &output);
            self.loudspeaker.take(&output);
        }
        Ok(())
    }
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

    /// Plays for the time of a frame. What is missing is an underrun if more of the answer comes later.
    fn play(&mut self, driver: &Driver) {
        if self.silent || self.received == 0 {
            return;
        }
        self.played += FRAME_TIME.as_secs_f64() * f64::from(self.sample_rate);
        if self.played >= self.received as f64 {
            (self.played, self.starved) = (self.received as f64, true);
        }
        driver.played(self.answer, self.played as u64);
    }
}
