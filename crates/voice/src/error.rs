//! The crate's one error type.

use std::{io, path::PathBuf};

/// What can go wrong between a microphone and a loudspeaker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VoiceError {
    /// A file could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, `read` for instance.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// ONNX Runtime's library cannot be used.
    #[error("{}: ONNX Runtime cannot be loaded: {reason}", path.display())]
    Library {
        /// The library.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A model failed.
    #[error("{model}: {reason}")]
    Model {
        /// Its name.
        model: &'static str,
        /// What happened.
        reason: String,
    },
    /// More sound than a part takes at once.
    #[error("{seconds:.0} seconds of sound; {model} takes at most {limit} at a time, so cut it into pieces")]
    TooLong {
        /// The part's model.
        model: &'static str,
        /// How long the sound is.
        seconds: f64,
        /// How long it may be.
        limit: u32,
    },
    /// Another program failed.
    #[error("{program}: {reason}")]
    Program {
        /// Its name.
        program: &'static str,
        /// What happened.
        reason: String,
    },
    /// More text than a voice takes at once.
    #[error("{bytes} bytes of text; a voice takes at most {limit} at a time, so cut it into sentences")]
    LongText {
        /// How long the text is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// No such voice.
    #[error("there is no voice '{asked}'; there is {}", known.join(", "))]
    UnknownVoice {
        /// What was asked for.
        asked: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A pace at which nothing can be said.
    #[error("a speed of {0} is not possible; it lies between 0.5 and 2")]
    Speed(f32),
}
