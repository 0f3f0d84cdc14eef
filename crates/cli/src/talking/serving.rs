//! The speech models of a server, which has several conversations at a time.

use std::sync::Arc;

use sottovoce_server::voice::{Make, Pool, SpeechParts};
use sottovoce_voice::{
    EndOfTurn, Recognizer, Synthesizer, VoiceActivity, asr::Moonshine, tts::Hibari, turn::SmartTurn, vad::SileroVad,
};

use crate::voice::{self, HIBARI_THREADS, RECOGNIZER_THREADS};

/// Models of a kind that work at the same time; more would only wait for the processor.
const AT_A_TIME: usize = 2;

/// Fetches the models that are not in the cache, and loads one of each.
///
/// # Errors
/// A model cannot be fetched or loaded.
pub fn speech_parts() -> anyhow::Result<SpeechParts> {
    let runtime = voice::onnx_runtime()?;
    let (silero, smart_turn) = (voice::file("silero-vad")?, voice::file("smart-turn")?);
    let (moonshine, hibari) = (voice::folder("moonshine-tiny-en")?, voice::folder("hibari")?);

    let activity_file = silero.clone();
    let activity: Make<dyn VoiceActivity> = Arc::new(move || Ok(Box::new(SileroVad::load(&activity_file)?)));
    let end_runtime = runtime.clone();
    let end_of_turn: Make<dyn EndOfTurn> = Arc::new(move || Ok(Box::new(SmartTurn::load(&end_runtime, &smart_turn)?)));
    let hearing_runtime = runtime.clone();
    let recognizer: Make<dyn Recognizer> = Arc::new(move || {
        let vad = SileroVad::load(&silero)?;
        Ok(Box::new(Moonshine::load(&hearing_runtime, &moonshine, vad, RECOGNIZER_THREADS)?))
    });
    let synthesizer: Make<dyn Synthesizer> =
        Arc::new(move || Ok(Box::new(Hibari::open(&runtime, &hibari, HIBARI_THREADS)?)));

    let first_voice = synthesizer()?;
    Ok(SpeechParts {
        activity,
        ends_of_turns: Pool::new(AT_A_TIME, end_of_turn()?, end_of_turn),
        recognizers: Pool::new(AT_A_TIME, recognizer()?, recognizer),
        voices: first_voice.voices().into_iter().map(str::to_owned).collect(),
        synthesizers: Pool::new(AT_A_TIME, first_voice, synthesizer),
    })
}
