//! Spoken conversations: a language model with ears and a voice.

mod serving;
mod thinker;

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use anyhow::bail;
use sottovoce_voice::{
    Audio, FRAME, Manner, Synthesizer,
    asr::Moonshine,
    conversation::{Driver, Event, Latency, Mode, Options, Output, Parts, Playback, State, Thinker, User},
    turn::SmartTurn,
    vad::SileroVad,
};

use crate::{console, interrupt, voice};

pub use serving::speech_parts;
pub use thinker::ModelThinker;

/// What becomes of a question that was recorded.
pub struct SpokenAnswer {
    /// The words that were heard; `None` where nothing was intelligible, which the answer says.
    pub question: Option<String>,
    /// The answer's text.
    pub text: String,
    /// The same, aloud.
    pub speech: Audio,
    /// What the wait for it was made of.
    pub latency: Latency,
}

/// The speech models of a conversation.
pub struct Speech {
    activity: SileroVad,
    end_of_turn: SmartTurn,
    recognizer: Moonshine,
    synthesizer: Box<dyn Synthesizer>,
}

impl Speech {
    /// Fetches those that are not in the cache, and loads them.
    ///
    /// # Errors
    /// A model cannot be fetched or loaded.
    pub fn open() -> anyhow::Result<Self> {
        Ok(Self {
            activity: voice::voice_activity()?,
            end_of_turn: voice::end_of_turn()?,
            recognizer: voice::recognizer()?,
            synthesizer: voice::synthesizer(voice::Engine::Hibari)?,
        })
    }

    /// The parts of a conversation with `thinker`.
    pub fn parts(self, thinker: impl Thinker + 'static, manner: Manner) -> Parts {
        Parts {
            activity: Box::new(self.activity),
            end_of_turn: Box::new(self.end_of_turn),
            recognizer: Box::new(self.recognizer),
            thinker: Box::new(thinker),
            synthesizer: self.synthesizer,
            manner,
        }
    }
}

/// The frames of a recording; the last is filled with silence.
pub fn frames(recording: &[f32]) -> impl Iterator<Item = [f32; FRAME]> {
    recording.chunks(FRAME).map(|samples| {
        let mut frame = [0.0; FRAME];
        frame[..samples.len()].copy_from_slice(samples);
        frame
    })
}

/// Asks the question of a recording, as if somebody pressed a button, said all of it at once and let go. `show` is told of
/// what happens as it does.
///
/// # Errors
/// A part fails, or the user stops it.
pub fn answer_recording(parts: Parts, recording: &Audio, mut show: impl FnMut(&Event)) -> anyhow::Result<SpokenAnswer> {
    // The recording is there whole: nothing has to be guessed before its end.
    let never = Duration::MAX;
    let options = Options { mode: Mode::PushToTalk, pause: never, partial: never, ..Options::default() };
    let mut answer = SpokenAnswer {
        question: None,
        text: String::new(),
        speech: Audio { sample_rate: parts.synthesizer.sample_rate(), samples: Vec::new() },
        latency: Latency::default(),
    };
    let (reports, outputs) = mpsc::channel();
    let driver = Driver::start(parts, options, move |_, output| _ = reports.send(output));
    driver.user(User::Press);
    frames(&recording.samples).for_each(|frame| driver.hear(&frame));
    driver.user(User::Release);
    loop {
        let output = match outputs.recv_timeout(Duration::from_millis(50)) {
            Ok(output) => output,
            Err(RecvTimeoutError::Timeout) => {
                interrupt::stop_if_asked()?;
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => bail!("the conversation broke off"),
        };
        if let Output::Playback(Playback::Play { answer: id, samples }) = &output {
            answer.speech.samples.extend_from_slice(samples);
            driver.played(*id, answer.speech.samples.len() as u64);
        }
        let Output::Event(event) = output else { continue };
        show(&event);
        match event {
            Event::Final(question) => answer.question = Some(question),
            Event::Text(text) => answer.text.push_str(&text),
            Event::Latency(latency) => answer.latency = latency,
            Event::Failed(reason) => bail!(reason),
            Event::State(State::Listening) => return Ok(answer),
            _ => {}
        }
    }
}

/// `understood after 84 ms · first word 140 ms · first clause 190 ms · first sound 214 ms`, from the end of the question.
pub fn describe(latency: &Latency) -> String {
    let Latency { transcript, first_text, first_clause, first_sound, .. } = *latency;
    let [transcript, text, clause, sound] = [transcript, first_text, first_clause, first_sound].map(console::duration);
    format!("understood after {transcript} · first word {text} · first clause {clause} · first sound {sound}")
}
