//! Recordings of any length.

use std::{ops::ControlFlow, time::Duration};

use super::{Recognizer, windows::windows};
use crate::{FRAME, SAMPLE_RATE, VoiceActivity, VoiceError};

/// What was said in a part of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Where the part begins.
    pub start: Duration,
    /// Where it ends.
    pub end: Duration,
    /// The words, at least one.
    pub text: String,
}

/// Transcribes recordings: hears where somebody speaks, cuts there, and recognises piece by piece.
pub struct Transcriber<V, R> {
    vad: V,
    recognizer: R,
}

impl<V: VoiceActivity, R: Recognizer> Transcriber<V, R> {
    /// Joins the two.
    pub fn new(vad: V, recognizer: R) -> Self {
        Self { vad, recognizer }
    }

    /// The words of a recording at [`SAMPLE_RATE`]. `heard` is told how much of it is done, within [0, 1], and each segment
    /// as it is there; where it breaks, the rest is left.
    ///
    /// # Errors
    /// A model fails.
    pub fn transcribe(
        &mut self,
        audio: &[f32],
        heard: &mut dyn FnMut(f32, Option<&Segment>) -> ControlFlow<()>,
    ) -> Result<Vec<Segment>, VoiceError> {
        let mut segments = Vec::new();
        let speech = self.speech(audio)?;
        let time = |sample: usize| Duration::from_secs_f64(sample as f64 / f64::from(SAMPLE_RATE));
        for window in windows(&speech) {
            let (start, end) = (window.start * FRAME, (window.end * FRAME).min(audio.len()));
            let text = self.recognizer.recognize(&audio[start..end])?;
            let segment = (!text.is_empty()).then(|| Segment { start: time(start), end: time(end), text });
            let done = end as f32 / audio.len() as f32;
            let flow = heard(done, segment.as_ref());
            segments.extend(segment);
            if flow.is_break() {
                break;
            }
        }
        Ok(segments)
    }

    /// The probability of speech in every frame; the last is filled with silence.
    fn speech(&mut self, audio: &[f32]) -> Result<Vec<f32>, VoiceError> {
        self.vad.reset();
        let (frames, rest) = audio.as_chunks::<FRAME>();
        let mut last = [0.0; FRAME];
        last[..rest.len()].copy_from_slice(rest);
        let last = (!rest.is_empty()).then_some(&last);
        frames.iter().chain(last).map(|frame| self.vad.probability(frame)).collect()
    }
}
