//! Understanding what was said.

mod decoding;
mod moonshine;
mod stable_prefix;
mod tokens;
mod transcriber;
mod windows;
mod word_errors;

pub use moonshine::{MAX_SECONDS, Moonshine};
pub use stable_prefix::StablePrefix;
pub use transcriber::{Segment, Transcriber};
pub use word_errors::WordErrors;

use crate::VoiceError;

/// Turns speech into text.
pub trait Recognizer: Send {
    /// The words in `audio`, which is all of what was said so far at [`SAMPLE_RATE`](crate::SAMPLE_RATE); empty where there
    /// are none. May be called again and again as the audio grows: no call depends on another.
    ///
    /// # Errors
    /// When the audio is longer than the recogniser takes, or the model fails.
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError>;
}

impl<T: Recognizer + ?Sized> Recognizer for &mut T {
    fn recognize(&mut self, audio: &[f32]) -> Result<String, VoiceError> {
        (**self).recognize(audio)
    }
}
