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

/// The share of the work that hearing where somebody speaks is; understanding it is the rest.
const LISTENING: f32 = 0.3;
/// Frames between two reports of it, about 32 s.
const REPORT: usize = 1_000;

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

    /// The words of a recording at [`SAMPLE_RATE`]. `heard` is told how much of the work is done, within [0, 1], and each
    /// segment as it is there; where it breaks, the rest is left.
    ///
    /// # Errors
    /// A model fails.
    pub fn transcribe(
        &mut self,
        audio: &[f32],
        heard: &mut dyn FnMut(f32, Option<&Segment>) -> ControlFlow<()>,
    ) -> Result<Vec<Segment>, VoiceError> {
        let mut segments = Vec::new();
        let Some(speech) = self.speech(audio, heard)? else { return Ok(segments) };
        let time = |sample: usize| Duration::from_secs_f64(sample as f64 / f64::from(SAMPLE_RATE));
        for window in windows(&speech) {
            let (start, end) = (window.start * FRAME, (window.end * FRAME).min(audio.len()));
            let text = self.recognizer.recognize(&audio[start..end])?;
            let segment = (!text.is_empty()).then(|| Segment { start: time(start), end: time(end), text });
            let understood = end as f32 / audio.len() as f32;
            let flow = heard(LISTENING + (1.0 - LISTENING) * understood, segment.as_ref());
            segments.extend(segment);
            if flow.is_break() {
                break;
            }
        }
        Ok(segments)
    }

    /// The probability of speech in every frame, the last filled with silence; none where `heard` breaks.
    fn speech(
        &mut self,
        audio: &[f32],
        heard: &mut dyn FnMut(f32, Option<&Segment>) -> ControlFlow<()>,
    ) -> Result<Option<Vec<f32>>, VoiceError> {
        self.vad.reset();
        let (frames, rest) = audio.as_chunks::<FRAME>();
        let mut last = [0.0; FRAME];
        last[..rest.len()].copy_from_slice(rest);
        let last = (!rest.is_empty()).then_some(&last);
        let mut speech = Vec::with_capacity(frames.len() + 1);
        for frame in frames.iter().chain(last) {
            speech.push(self.vad.probability(frame)?);
            let done = LISTENING * (speech.len() * FRAME) as f32 / audio.len() as f32;
            if speech.len() % REPORT == 0 && heard(done.min(LISTENING), None).is_break() {
                return Ok(None);
            }
        }
        Ok(Some(speech))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speech wherever the sound is loud; the words are its length in seconds.
    struct Simple;

    impl VoiceActivity for Simple {
        fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
            Ok(frame[0])
        }

        fn reset(&mut self) {}
    }

    impl Recognizer for Simple {
        fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
            Ok(if audio.contains(&0.6) { String::new() } else { (audio.len() as u32 / SAMPLE_RATE).to_string() })
        }
    }

    /// Speech of so many seconds between silences of three.
    fn recording(lengths: &[(usize, f32)]) -> Vec<f32> {
        let second = SAMPLE_RATE as usize;
        let part = |&(seconds, level): &(usize, f32)| [vec![level; seconds * second], vec![0.0; 3 * second]].concat();
        lengths.iter().flat_map(part).collect()
    }

    #[test]
    fn segments_have_words_and_times() {
        let audio = recording(&[(15, 0.9), (18, 0.6), (20, 0.9)]);
        let mut shares = Vec::new();
        let segments = Transcriber::new(Simple, Simple)
            .transcribe(&audio, &mut |share, _| {
                shares.push(share);
                ControlFlow::Continue(())
            })
            .unwrap();
        let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        // Where no words are understood there is no segment; margins round up.
        assert_eq!(texts, ["15", "20"]);
        assert!(segments[1].start.as_secs_f64() > 38.0 && segments[1].end.as_secs_f64() < 60.0, "{segments:?}");
        assert!(shares.is_sorted() && shares[0] > 0.0 && *shares.last().unwrap() <= 1.0, "{shares:?}");
    }

    #[test]
    fn whoever_has_heard_enough_is_not_told_the_rest() {
        let audio = recording(&[(15, 0.9), (18, 0.9)]);
        let mut transcriber = Transcriber::new(Simple, Simple);
        let at_once = transcriber.transcribe(&audio, &mut |_, _| ControlFlow::Break(())).unwrap();
        assert!(at_once.is_empty());
        let after_one = &mut |_: f32, segment: Option<&Segment>| match segment {
            None => ControlFlow::Continue(()),
            Some(_) => ControlFlow::Break(()),
        };
        assert_eq!(transcriber.transcribe(&audio, after_one).unwrap().len(), 1);
    }
}
