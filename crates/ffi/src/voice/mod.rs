//! Hearing and speaking.

mod conversation;
mod messages;
mod parts;
mod thinker;

pub use conversation::{VoiceConversation, VoiceMode, VoiceOptions, VoiceParts};
pub use messages::{Playback, VoiceEvent, VoiceListener, VoiceState};
pub use parts::{
    SampleSink, SpeakingStyle, SpeechRecognizer, SpeechSynthesizer, TurnDetector, VoiceDetector, VoiceEngine,
};

use std::{ops::ControlFlow, sync::Arc};

use sottovoce_voice::{SAMPLE_RATE, asr::Transcriber, audio::Resampler, speakable::clauses};

use crate::{
    Cancellation, SottovoceError,
    array::{sample_bytes, samples},
    progress::Work,
};
use parts::AppRecognizer;

/// What was said in a part of a recording.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SpeechSegment {
    /// Where the part begins, in seconds.
    pub start: f64,
    /// Where it ends, in seconds.
    pub end: f64,
    /// The words, at least one.
    pub text: String,
}

/// The words of a recording of any length: where somebody speaks it is cut in the pauses, and understood piece by piece.
/// `sound` is mono, 32-bit floats within [-1, 1] in the byte order of this machine.
///
/// # Errors
/// A part fails, or the call is cancelled.
#[uniffi::export(default(cancellation = None))]
pub fn transcribe(
    sound: Vec<u8>,
    sample_rate: u32,
    detector: &VoiceDetector,
    recognizer: Arc<dyn SpeechRecognizer>,
    cancellation: Option<Arc<Cancellation>>,
) -> Result<Vec<SpeechSegment>, SottovoceError> {
    let work = Work::new(None, cancellation);
    let heard = at_sample_rate(samples(&sound)?, sample_rate)?;
    let mut transcriber = Transcriber::new(detector.stream()?, AppRecognizer(recognizer));
    let segments = transcriber.transcribe(&heard, &mut |_, _| work.flow())?;
    work.check()?;
    let segments = segments.into_iter().map(|segment| SpeechSegment {
        start: segment.start.as_secs_f64(),
        end: segment.end.as_secs_f64(),
        text: segment.text,
    });
    Ok(segments.collect())
}

/// Says a text, clause by clause, without its Markdown; `sink` gets the samples as they are made.
///
/// # Errors
/// The voice fails, the style asks for what there is not, or the call is cancelled.
#[uniffi::export(default(cancellation = None))]
pub fn speak(
    text: String,
    synthesizer: Arc<dyn SpeechSynthesizer>,
    style: SpeakingStyle,
    sink: Arc<dyn SampleSink>,
    cancellation: Option<Arc<Cancellation>>,
) -> Result<(), SottovoceError> {
    let work = Work::new(None, cancellation);
    for clause in clauses(&text) {
        work.check()?;
        synthesizer.synthesize(clause.text, style.clone(), Arc::clone(&sink))?;
    }
    Ok(())
}

/// Sound as the hearing parts take it.
fn at_sample_rate(sound: Vec<f32>, sample_rate: u32) -> Result<Vec<f32>, SottovoceError> {
    if !(4_000..=384_000).contains(&sample_rate) {
        let reason = format!("a sample rate of {sample_rate} a second; expected 4,000 to 384,000");
        return Err(SottovoceError::Input { reason });
    }
    if sample_rate == SAMPLE_RATE {
        return Ok(sound);
    }
    let (mut resampler, mut heard) = (Resampler::new(sample_rate, SAMPLE_RATE), Vec::new());
    resampler.push(&sound, &mut heard);
    resampler.finish(&mut heard);
    Ok(heard)
}

/// Hands samples to a sink of the app; breaks where it has enough.
fn push(sink: &Arc<dyn SampleSink>, samples: &[f32]) -> Result<ControlFlow<()>, SottovoceError> {
    Ok(if sink.push(sample_bytes(samples))? { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
}
