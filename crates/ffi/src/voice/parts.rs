//! The parts that hear and speak: those of this project, and those that an app brings.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, SyncSender},
    },
    thread,
};

use sottovoce_voice::{
    EndOfTurn, Manner, OnnxRuntime, Recognizer, Synthesizer, VoiceError,
    asr::Moonshine,
    tts::{Hibari, Piper},
    turn::SmartTurn,
    vad::SileroVad,
};

use super::push;
use crate::{
    Cancellation, ModelStore, ProgressListener, SottovoceError,
    array::{sample_bytes, samples},
    progress::Work,
};

/// Threads of the speech models: more are no faster for networks as small as these.
const THREADS: usize = 1;

/// Turns speech into text. An app can bring its own: on Apple platforms, `SFSpeechRecognizer`.
#[uniffi::export(with_foreign)]
pub trait SpeechRecognizer: Send + Sync {
    /// The words in `sound`, which is all of what was said so far: 32-bit floats at 16,000 a second, in the byte order of
    /// this machine. Empty where there are none. Is called again and again as the sound grows; no call depends on another.
    ///
    /// # Errors
    /// The sound is longer than it takes, or it fails.
    fn recognize(&self, sound: Vec<u8>) -> Result<String, SottovoceError>;
}

/// How something is said.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct SpeakingStyle {
    /// One of the synthesiser's voices; its first where nothing is said.
    #[uniffi(default = None)]
    pub voice: Option<String>,
    /// How fast, from 0.5 to 2; 1 is the voice's own pace.
    #[uniffi(default = 1.0)]
    pub speed: f32,
}

/// Takes sound as it is made.
#[uniffi::export(with_foreign)]
pub trait SampleSink: Send + Sync {
    /// The next samples: 32-bit floats in the byte order of this machine. Returns whether more is wanted.
    ///
    /// # Errors
    /// What it throws ends the speech, and is what the call throws.
    fn push(&self, sound: Vec<u8>) -> Result<bool, SottovoceError>;
}

/// Turns text into speech. An app can bring its own: on Apple platforms, `AVSpeechSynthesizer`.
#[uniffi::export(with_foreign)]
pub trait SpeechSynthesizer: Send + Sync {
    /// Samples a second of what it makes.
    fn sample_rate(&self) -> u32;

    /// The names of its voices.
    fn voices(&self) -> Vec<String>;

    /// Says `text`, plain words and punctuation, and returns when all of it is made or the sink wants no more. Text with
    /// nothing to say in it makes no sound.
    ///
    /// # Errors
    /// The style asks for what there is not, or it fails.
    fn synthesize(&self, text: String, style: SpeakingStyle, sink: Arc<dyn SampleSink>) -> Result<(), SottovoceError>;
}

/// A voice of this project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum VoiceEngine {
    /// The voice `heart`, which needs nothing else.
    Hibari,
    /// The voice `joe`, which needs the program espeak-ng.
    Piper,
}

/// Hears whether somebody speaks (Silero VAD).
#[derive(uniffi::Object)]
pub struct VoiceDetector {
    path: PathBuf,
}

#[uniffi::export]
impl VoiceDetector {
    /// Reads `silero_vad_16k_sequence.onnx`, which an app may bring with it.
    ///
    /// # Errors
    /// The file cannot be read, or is another.
    #[uniffi::constructor]
    pub fn open(path: String) -> Result<Arc<Self>, SottovoceError> {
        let detector = Self { path: path.into() };
        detector.stream()?;
        Ok(Arc::new(detector))
    }
}

impl VoiceDetector {
    /// A detector for one stream of sound.
    pub(super) fn stream(&self) -> Result<SileroVad, SottovoceError> {
        Ok(SileroVad::load(&self.path)?)
    }
}

/// Hears whether a speaker who pauses has finished (Smart Turn).
#[derive(uniffi::Object)]
pub struct TurnDetector {
    model: Mutex<SmartTurn>,
}

#[uniffi::export]
impl ModelStore {
    /// What hears whether somebody speaks, 1 MB.
    ///
    /// # Errors
    /// It cannot be fetched or loaded, or the call was cancelled; as everywhere below.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn voice_detector(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<VoiceDetector>, SottovoceError> {
        let detector = self.detector(&mut Work::new(listener, cancellation))?;
        detector.stream()?;
        Ok(Arc::new(detector))
    }

    /// What hears whether a speaker has finished, 9 MB. Runs in ONNX Runtime, 22 MB.
    ///
    /// # Errors
    /// As above.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn turn_detector(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<TurnDetector>, SottovoceError> {
        let work = &mut Work::new(listener, cancellation);
        let model = SmartTurn::load(&self.onnx_runtime(work)?, &self.file("smart-turn", work)?)?;
        Ok(Arc::new(TurnDetector { model: Mutex::new(model) }))
    }

    /// What understands English, 45 MB. Runs in ONNX Runtime.
    ///
    /// # Errors
    /// As above.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn recognizer(
        &self,
        listener: Option<Arc<dyn ProgressListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<dyn SpeechRecognizer>, SottovoceError> {
        let work = &mut Work::new(listener, cancellation);
        let (runtime, folder) = (self.onnx_runtime(work)?, self.folder_of("moonshine-tiny-en", work)?);
        let model = Moonshine::load(&runtime, &folder, self.detector(work)?.stream()?, THREADS)?;
        Ok(Arc::new(OwnRecognizer(Mutex::new(model))))
    }

    /// What speaks English, 14 MB (Hibari) or 63 MB (Piper). Runs in ONNX Runtime.
    ///
    /// # Errors
    /// As above.
    #[uniffi::method(default(listener = None, cancellation = None))]
    pub fn synthesizer(
        &self,
        engine: VoiceEngine,
        listener: Option<Arc<dyn ProgressListener>>,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Arc<dyn SpeechSynthesizer>, SottovoceError> {
        let work = &mut Work::new(listener, cancellation);
        let runtime = self.onnx_runtime(work)?;
        let voice: Box<dyn Synthesizer> = match engine {
            VoiceEngine::Hibari => Box::new(Hibari::open(&runtime, &self.folder_of("hibari", work)?, THREADS)?),
            VoiceEngine::Piper => Box::new(Piper::open(&runtime, &self.file("piper-joe", work)?, THREADS)?),
        };
        Ok(Arc::new(OwnSynthesizer(Mutex::new(voice))))
    }
}

impl ModelStore {
    fn detector(&self, work: &mut Work) -> Result<VoiceDetector, SottovoceError> {
        Ok(VoiceDetector { path: self.file("silero-vad", work)? })
    }

    fn onnx_runtime(&self, work: &mut Work) -> Result<OnnxRuntime, SottovoceError> {
        Ok(OnnxRuntime::load(&self.file("onnx-runtime", work)?)?)
    }

    fn file(&self, name: &str, work: &mut Work) -> Result<PathBuf, SottovoceError> {
        let first = self.files(name, work)?.into_iter().next();
        first.ok_or_else(|| SottovoceError::Fetch { reason: format!("'{name}' has no files") })
    }

    fn folder_of(&self, name: &str, work: &mut Work) -> Result<PathBuf, SottovoceError> {
        Ok(self.file(name, work)?.parent().unwrap_or(Path::new("")).to_owned())
    }
}

/// The recogniser of this project, for callers elsewhere.
struct OwnRecognizer(Mutex<Moonshine>);

impl SpeechRecognizer for OwnRecognizer {
    fn recognize(&self, sound: Vec<u8>) -> Result<String, SottovoceError> {
        let sound = samples(&sound)?;
        Ok(lock(&self.0).recognize(&sound)?)
    }
}

/// A voice of this project, for callers elsewhere.
struct OwnSynthesizer(Mutex<Box<dyn Synthesizer>>);

impl SpeechSynthesizer for OwnSynthesizer {
    fn sample_rate(&self) -> u32 {
        lock(&self.0).sample_rate()
    }

    fn voices(&self) -> Vec<String> {
        lock(&self.0).voices().into_iter().map(str::to_owned).collect()
    }

    fn synthesize(&self, text: String, style: SpeakingStyle, sink: Arc<dyn SampleSink>) -> Result<(), SottovoceError> {
        let mut failed = None;
        lock(&self.0).synthesize(&text, &style.into(), &mut |samples| {
            push(&sink, samples).unwrap_or_else(|error| {
                failed = Some(error);
                ControlFlow::Break(())
            })
        })?;
        failed.map_or(Ok(()), Err)
    }
}

impl From<SpeakingStyle> for Manner {
    fn from(style: SpeakingStyle) -> Self {
        Self { voice: style.voice, speed: style.speed }
    }
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    // These parts keep nothing between calls.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Any recogniser, as the machine takes it.
pub(super) struct AppRecognizer(pub Arc<dyn SpeechRecognizer>);

impl Recognizer for AppRecognizer {
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
        self.0.recognize(sample_bytes(audio)).map_err(|error| failed("the recogniser", &error))
    }
}

/// Any voice, as the machine takes it.
pub(super) struct AppSynthesizer {
    synthesizer: Arc<dyn SpeechSynthesizer>,
    voices: Vec<String>,
}

impl AppSynthesizer {
    pub fn new(synthesizer: Arc<dyn SpeechSynthesizer>) -> Self {
        Self { voices: synthesizer.voices(), synthesizer }
    }
}

impl Synthesizer for AppSynthesizer {
    fn sample_rate(&self) -> u32 {
        self.synthesizer.sample_rate()
    }

    fn voices(&self) -> Vec<&str> {
        self.voices.iter().map(String::as_str).collect()
    }

    fn synthesize(
        &mut self,
        text: &str,
        manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError> {
        let style = SpeakingStyle { voice: manner.voice.clone(), speed: manner.speed };
        // A sink of the app's kind lives as long as it likes, this one as long as the call. Nothing waits in between, so that
        // a sink which breaks ends the speech at once.
        let (made, pieces) = mpsc::sync_channel(0);
        let (synthesizer, text) = (Arc::clone(&self.synthesizer), text.to_owned());
        let speaking = thread::spawn(move || synthesizer.synthesize(text, style, Arc::new(Pieces(made))));
        for piece in &pieces {
            if sink(&piece).is_break() {
                break;
            }
        }
        drop(pieces);
        let said =
            speaking.join().unwrap_or_else(|_| Err(SottovoceError::Foreign { reason: "it panicked".to_owned() }));
        said.map_err(|error| failed("the voice", &error))
    }
}

struct Pieces(SyncSender<Vec<f32>>);

impl SampleSink for Pieces {
    fn push(&self, sound: Vec<u8>) -> Result<bool, SottovoceError> {
        Ok(self.0.send(samples(&sound)?).is_ok())
    }
}

/// Smart Turn, shared between conversations.
pub(super) struct AppTurns(pub Arc<TurnDetector>);

impl EndOfTurn for AppTurns {
    fn probability(&mut self, turn: &[f32]) -> Result<f32, VoiceError> {
        lock(&self.0.model).probability(turn)
    }
}

/// Where no model hears whether a turn is complete, silence alone tells.
pub(super) struct SilenceAlone;

impl EndOfTurn for SilenceAlone {
    fn probability(&mut self, _turn: &[f32]) -> Result<f32, VoiceError> {
        Ok(0.0)
    }
}

fn failed(model: &'static str, error: &SottovoceError) -> VoiceError {
    VoiceError::Model { model, reason: error.to_string() }
}
