//! Speech in and out: the parts of a spoken conversation, and the machine that joins them.
//!
//! Each part is a small trait with its implementations beside it: [`vad`] hears that somebody speaks, [`turn`] that they
//! have finished, [`asr`] what they said, and [`tts`] says the answer. [`audio`] has what passes between them, and
//! [`conversation`] decides who speaks when.
//!
//! Audio is mono throughout, in 32-bit floats within [-1, 1]; what goes to [`vad`], [`turn`] and [`asr`] has
//! [`SAMPLE_RATE`] samples a second. The crate takes paths and text; it knows neither where files come from nor who thinks
//! of the answer.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use sottovoce_voice::{
//!     OnnxRuntime, Recognizer, SAMPLE_RATE, asr::Moonshine, audio::read_wav, vad::SileroVad,
//! };
//!
//! let runtime = OnnxRuntime::load(Path::new("libonnxruntime.so"))?;
//! let vad = SileroVad::load(Path::new("silero_vad_16k_sequence.onnx"))?;
//! let mut moonshine = Moonshine::load(&runtime, Path::new("moonshine-tiny-en"), vad, 1)?;
//! let question = read_wav(Path::new("question.wav"), SAMPLE_RATE)?;
//! println!("{}", moonshine.recognize(&question.samples)?);
//! # Ok::<(), sottovoce_voice::VoiceError>(())
//! ```

pub mod asr;
pub mod audio;
pub mod conversation;
pub mod echo;
mod error;
mod noise;
mod onnx;
pub mod speakable;
pub mod tts;
pub mod turn;
pub mod vad;

pub use asr::Recognizer;
pub use audio::{Audio, SAMPLE_RATE};
pub use error::VoiceError;
pub use onnx::OnnxRuntime;
pub use tts::{Manner, Synthesizer};
pub use turn::EndOfTurn;
pub use vad::{FRAME, VoiceActivity};
