//! What comes from the microphone: kept, and cut into turns.

use std::time::Duration;

use sottovoce_voice::{
    FRAME, SAMPLE_RATE, VoiceActivity, VoiceError,
    conversation::{Activity, Change},
};

use super::{
    super::{PCM_RATE, sound::Converter},
    settings::{Eagerness, TurnDetection},
};

/// Sound that waits to be committed, at most.
const MOST_SECONDS: u32 = 300;
/// A turn that is longer ends: recognisers take no more at once.
const LONGEST_TURN: Duration = Duration::from_secs(30);
/// A silence that is as long may be the end.
const PAUSE: Duration = Duration::from_millis(192);
/// So much speech in a row is a beginning.
const ONSET: Duration = Duration::from_millis(64);

/// What was heard.
#[derive(Debug, PartialEq)]
pub enum Heard {
    /// Somebody began to speak here, in milliseconds of the session's sound.
    Started(u64),
    /// They go on after a pause.
    WentOn,
    /// They pause; or a pause has become longer.
    Paused,
    /// The turn ended here.
    Stopped(u64),
}

/// The sound of a session.
pub struct Listener {
    converter: Converter,
    activity: Box<dyn VoiceActivity>,
    /// Sound that is less than a frame.
    rest: Vec<f32>,
    /// Sound that is not committed, and how much came before it.
    buffer: Vec<f32>,
    before: usize,
    turns: Option<Turns>,
}

/// How turns are found.
struct Turns {
    activity: Activity,
    padding: usize,
    /// A silence that ends a turn, in frames.
    longest_pause: u32,
    /// Somebody has the word.
    open: bool,
}

impl Listener {
    /// A session in which nothing was heard. Turns are found as `detection` says, or by the client.
    pub fn new(activity: Box<dyn VoiceActivity>, detection: Option<&TurnDetection>) -> Self {
        Self {
            converter: Converter::new(PCM_RATE, SAMPLE_RATE),
            activity,
            rest: Vec::new(),
            buffer: Vec::new(),
            before: 0,
            turns: detection.map(Turns::new),
        }
    }

    /// Finds turns in another way from now on.
    pub fn set_detection(&mut self, detection: Option<&TurnDetection>) {
        self.turns = detection.map(Turns::new);
    }

    /// Takes samples at the interface's rate and gives what was heard in them, with the sound of the turn so far where it
    /// pauses or stops.
    ///
    /// # Errors
    /// What hears fails.
    pub fn push(&mut self, samples: &[f32], heard: &mut dyn FnMut(Heard, Vec<f32>)) -> Result<(), VoiceError> {
        self.rest.append(&mut self.converter.push(samples));
        let rest = std::mem::take(&mut self.rest);
        let (frames, rest) = rest.as_chunks::<FRAME>();
        self.rest.extend_from_slice(rest);
        for frame in frames {
            self.buffer.extend_from_slice(frame);
            let speech = self.activity.probability(frame)?;
            if let Some(turns) = &mut self.turns {
                let event = turns.hear(speech, self.before + self.buffer.len(), self.buffer.len());
                if !turns.open {
                    let surplus = self.buffer.len().saturating_sub(turns.padding);
                    // A turn that stopped is given out whole; silence is kept as far as the next turn may need it.
                    if !matches!(event, Some(Heard::Stopped(_))) {
                        self.buffer.drain(..surplus);
                        self.before += surplus;
                    }
                }
                match event {
                    Some(Heard::Stopped(at)) => heard(Heard::Stopped(at), self.take()),
                    Some(Heard::Paused) => heard(Heard::Paused, self.buffer.clone()),
                    Some(event) => heard(event, Vec::new()),
                    None => {}
                }
            }
        }
        Ok(())
    }

    /// Ends the turn that is open, because it sounded complete.
    pub fn stop(&mut self) -> Option<(u64, Vec<f32>)> {
        let turns = self.turns.as_mut().filter(|turns| turns.open)?;
        turns.open = false;
        let at = milliseconds(self.before + self.buffer.len());
        Some((at, self.take()))
    }

    /// Takes what is not committed.
    pub fn take(&mut self) -> Vec<f32> {
        self.before += self.buffer.len();
        if let Some(turns) = &mut self.turns {
            turns.open = false;
            turns.activity.reset();
        }
        std::mem::take(&mut self.buffer)
    }

    /// Whether there is no room for as many samples at the interface's rate.
    pub fn is_full(&self, samples: usize) -> bool {
        let seconds = |samples: usize, rate: u32| samples as f64 / f64::from(rate);
        seconds(self.buffer.len(), SAMPLE_RATE) + seconds(samples, PCM_RATE) > f64::from(MOST_SECONDS)
    }
}

impl Turns {
    fn new(detection: &TurnDetection) -> Self {
        let (threshold, padding, longest_pause) = match *detection {
            TurnDetection::ServerVad { threshold, prefix_padding_ms, silence_duration_ms, .. } => {
                (threshold, prefix_padding_ms, silence_duration_ms)
            }
            TurnDetection::SemanticVad { eagerness, .. } => {
                let longest_pause = match eagerness {
                    Eagerness::High => 1000,
                    Eagerness::Medium | Eagerness::Auto => 1500,
                    Eagerness::Low => 4000,
                };
                (0.5, 320, longest_pause)
            }
        };
        let pause = PAUSE.min(Duration::from_millis(longest_pause));
        let onset = ONSET.as_millis() as u64;
        Self {
            activity: Activity::new(threshold, threshold * 0.7, ONSET, pause),
            // No client keeps more than the longest turn.
            padding: samples((padding + onset).min(LONGEST_TURN.as_millis() as u64)),
            longest_pause: samples(longest_pause).div_ceil(FRAME).max(1) as u32,
            open: false,
        }
    }

    /// Takes the probability of speech of the frame that ends at sample `end`; the buffer has `kept` samples.
    fn hear(&mut self, speech: f32, end: usize, kept: usize) -> Option<Heard> {
        let change = self.activity.push(speech);
        if change == Some(Change::Began) {
            let began =
                if self.open { Heard::WentOn } else { Heard::Started(milliseconds(end - kept.min(self.padding))) };
            self.open = true;
            return Some(began);
        }
        let silence = self.activity.silence();
        let is_over = !self.activity.is_speaking() && silence >= self.longest_pause;
        if self.open && (is_over || kept >= samples(LONGEST_TURN.as_millis() as u64)) {
            self.open = false;
            return Some(Heard::Stopped(milliseconds(end)));
        }
        let pause = (samples(PAUSE.as_millis() as u64) / FRAME) as u32;
        let pauses = !self.activity.is_speaking() && silence.is_multiple_of(pause);
        (self.open && pauses).then_some(Heard::Paused)
    }
}

fn samples(milliseconds: u64) -> usize {
    usize::try_from(milliseconds).unwrap_or(usize::MAX).saturating_mul(SAMPLE_RATE as usize / 1000)
}

fn milliseconds(samples: usize) -> u64 {
    samples as u64 * 1000 / u64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Takes loudness for speech.
    struct Loudness;

    impl VoiceActivity for Loudness {
        fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
            Ok(if frame.iter().any(|sample| sample.abs() > 0.2) { 0.9 } else { 0.1 })
        }

        fn reset(&mut self) {}
    }

    fn hear(detection: serde_json::Value, sound: &[(usize, f32)]) -> (Vec<Heard>, usize) {
        let detection: TurnDetection = serde_json::from_value(detection).unwrap();
        let mut listener = Listener::new(Box::new(Loudness), Some(&detection));
        let (mut events, mut longest) = (Vec::new(), 0);
        for &(time, loudness) in sound {
            let samples = vec![loudness; time * PCM_RATE as usize / 1000];
            let note = &mut |event, audio: Vec<f32>| {
                longest = longest.max(audio.len());
                events.push(event);
            };
            listener.push(&samples, note).unwrap();
        }
        (events, longest)
    }

    #[test]
    fn a_silence_ends_a_turn() {
        let detection = json!({ "type": "server_vad", "silence_duration_ms": 400 });
        let (events, longest) = hear(detection, &[(1000, 0.0), (1000, 0.5), (1000, 0.0)]);
        assert!(
            matches!(events[..], [Heard::Started(start), Heard::Paused, Heard::Paused, Heard::Stopped(end)]
            if (600..1000).contains(&start) && (2380..2600).contains(&end)),
            "{events:?}"
        );
        assert!(longest < 2 * SAMPLE_RATE as usize, "{longest}");
    }

    #[test]
    fn somebody_may_go_on() {
        let detection = json!({ "type": "semantic_vad" });
        let (events, _) = hear(detection, &[(640, 0.5), (320, 0.0), (640, 0.5), (2000, 0.0)]);
        assert!(
            matches!(
                events[..],
                [Heard::Started(0), Heard::Paused, Heard::WentOn, Heard::Paused, .., Heard::Stopped(_)]
            ),
            "{events:?}"
        );
    }

    #[test]
    fn silence_is_not_kept_and_endless_speech_is_cut() {
        let (events, longest) = hear(json!({ "type": "server_vad" }), &[(60_000, 0.0)]);
        assert_eq!((events.len(), longest), (0, 0));
        let (events, longest) = hear(json!({ "type": "server_vad" }), &[(40_000, 0.5)]);
        assert!(matches!(events[..], [Heard::Started(0), Heard::Stopped(_), Heard::Started(_)]), "{events:?}");
        assert!(longest <= 31 * SAMPLE_RATE as usize, "{longest}");
    }

    #[test]
    fn without_detection_all_is_kept_until_it_is_taken() {
        let mut listener = Listener::new(Box::new(Loudness), None);
        listener.push(&vec![0.5; 2 * PCM_RATE as usize], &mut |event, _| panic!("{event:?}")).unwrap();
        assert!(listener.is_full(299 * PCM_RATE as usize) && !listener.is_full(PCM_RATE as usize));
        assert!(listener.take().len() > 31_000 && listener.take().is_empty());
    }
}
