//! The speech models: those in the cache, or fetched into it when they are first needed.

use std::{
    io,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use anyhow::Context;
use sottovoce_hub::{Event, Hub};
use sottovoce_voice::{
    Audio, OnnxRuntime, SAMPLE_RATE, Synthesizer, VoiceError,
    asr::Moonshine,
    audio::{decode_wav, read_wav},
    tts::{Hibari, Piper},
    turn::SmartTurn,
    vad::SileroVad,
};

use crate::{console, interrupt, progress::PullProgress};

/// Threads of the recogniser. Two are no faster: threads that do not spin take as long to wake as they save.
pub const RECOGNIZER_THREADS: usize = 1;
/// Hibari's network is too small for two, and it has to speak while the model thinks.
pub const HIBARI_THREADS: usize = 1;
const PIPER_THREADS: usize = 2;

/// What makes speech of text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Engine {
    /// The voice `heart`, which needs nothing else
    #[default]
    Hibari,
    /// The voice `joe`, which needs the program espeak-ng
    Piper,
}

/// The files of a catalogue model. Says what is fetched and under which licence; nothing where all is in the cache.
///
/// # Errors
/// They cannot be fetched.
fn files(name: &str) -> anyhow::Result<Vec<PathBuf>> {
    let hub = Hub::from_env()?;
    let model = hub.catalogue().model(name)?;
    let (mut progress, mut told) = (PullProgress::default(), false);
    let mut observe = |event: Event<'_>| -> ControlFlow<()> {
        match event {
            Event::Ready { cached: true, .. } => return interrupt::check(),
            Event::Trying { .. } if !told => {
                console::note(format_args!("{}: {} · licence {}", model.name, model.title, model.licence));
                told = true;
            }
            _ => {}
        }
        progress.observe(event)
    };
    Ok(hub.pull(name, &mut observe)?)
}

/// The library that runs the speech models.
///
/// # Errors
/// It cannot be fetched or loaded.
pub fn onnx_runtime() -> anyhow::Result<OnnxRuntime> {
    // To find the library is to read all of it, for its checksum.
    static LOADED: OnceLock<OnnxRuntime> = OnceLock::new();
    if let Some(runtime) = LOADED.get() {
        return Ok(runtime.clone());
    }
    let runtime = OnnxRuntime::load(&file("onnx-runtime")?)?;
    Ok(LOADED.get_or_init(|| runtime).clone())
}

/// Hears whether somebody speaks.
///
/// # Errors
/// The model cannot be fetched or loaded.
pub fn voice_activity() -> anyhow::Result<SileroVad> {
    Ok(SileroVad::load(&file("silero-vad")?)?)
}

/// Hears whether somebody has finished.
///
/// # Errors
/// As [`voice_activity`].
pub fn end_of_turn() -> anyhow::Result<SmartTurn> {
    Ok(SmartTurn::load(&onnx_runtime()?, &file("smart-turn")?)?)
}

/// Understands English.
///
/// # Errors
/// As [`voice_activity`].
pub fn recognizer() -> anyhow::Result<Moonshine> {
    Ok(Moonshine::load(&onnx_runtime()?, &folder("moonshine-tiny-en")?, voice_activity()?, RECOGNIZER_THREADS)?)
}

/// Speaks English.
///
/// # Errors
/// As [`voice_activity`], or the engine needs a program that is not installed.
pub fn synthesizer(engine: Engine) -> anyhow::Result<Box<dyn Synthesizer>> {
    let runtime = onnx_runtime()?;
    Ok(match engine {
        Engine::Hibari => Box::new(Hibari::open(&runtime, &folder("hibari")?, HIBARI_THREADS)?),
        Engine::Piper => Box::new(Piper::open(&runtime, &file("piper-joe")?, PIPER_THREADS)?),
    })
}

/// The folder with the files of a model.
///
/// # Errors
/// As [`files`].
pub fn folder(name: &str) -> anyhow::Result<PathBuf> {
    Ok(file(name)?.parent().context("a file lies in a folder")?.to_owned())
}

/// The first file of a model.
///
/// # Errors
/// As [`files`].
pub fn file(name: &str) -> anyhow::Result<PathBuf> {
    files(name)?.into_iter().next().context("the catalogue entry has no files")
}

/// A recording as the recognising models take it: a WAV file, or `-` for one on standard input.
///
/// # Errors
/// It cannot be read, or is no sound.
pub fn read_recording(file: &Path) -> Result<Audio, VoiceError> {
    if file == Path::new("-") {
        decode_wav(io::stdin().lock(), Path::new("standard input"), SAMPLE_RATE)
    } else {
        read_wav(file, SAMPLE_RATE)
    }
}
