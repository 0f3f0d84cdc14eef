//! The speech models: those in the cache, or fetched into it when they are first needed.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sottovoce_hub::{Event, Hub};
use sottovoce_voice::{
    OnnxRuntime, Synthesizer,
    asr::Moonshine,
    tts::{Hibari, Piper},
    turn::SmartTurn,
    vad::SileroVad,
};

use crate::{console, interrupt, progress::PullProgress};

/// Threads of the recogniser. Two are no faster: threads that do not spin take as long to wake as they save.
pub const RECOGNIZER_THREADS: usize = 1;
/// Hibari's network is too small for two.
const HIBARI_THREADS: usize = 1;
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
pub fn files(name: &str) -> anyhow::Result<Vec<PathBuf>> {
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
    Ok(OnnxRuntime::load(first(&files("onnx-runtime")?)?)?)
}

/// Hears whether somebody speaks.
///
/// # Errors
/// The model cannot be fetched or loaded.
pub fn voice_activity() -> anyhow::Result<SileroVad> {
    Ok(SileroVad::load(first(&files("silero-vad")?)?)?)
}

/// Hears whether somebody has finished.
///
/// # Errors
/// As [`voice_activity`].
pub fn end_of_turn() -> anyhow::Result<SmartTurn> {
    Ok(SmartTurn::load(&onnx_runtime()?, first(&files("smart-turn")?)?)?)
}

/// Understands English.
///
/// # Errors
/// As [`voice_activity`].
pub fn recognizer() -> anyhow::Result<Moonshine> {
    let files = files("moonshine-tiny-en")?;
    let folder = first(&files)?.parent().context("a file lies in a folder")?;
    Ok(Moonshine::load(&onnx_runtime()?, folder, voice_activity()?, RECOGNIZER_THREADS)?)
}

/// Speaks English.
///
/// # Errors
/// As [`voice_activity`], or the engine needs a program that is not installed.
pub fn synthesizer(engine: Engine) -> anyhow::Result<Box<dyn Synthesizer>> {
    let runtime = onnx_runtime()?;
    Ok(match engine {
        Engine::Hibari => {
            let files = files("hibari")?;
            let folder = first(&files)?.parent().context("a file lies in a folder")?;
            Box::new(Hibari::open(&runtime, folder, HIBARI_THREADS)?)
        }
        Engine::Piper => Box::new(Piper::open(&runtime, first(&files("piper-joe")?)?, PIPER_THREADS)?),
    })
}

fn first(files: &[PathBuf]) -> anyhow::Result<&Path> {
    files.first().map(PathBuf::as_path).context("the catalogue entry has no files")
}
