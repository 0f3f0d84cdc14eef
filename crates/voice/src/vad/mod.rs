//! Hearing whether somebody speaks.

mod silero;

pub use silero::SileroVad;

use crate::VoiceError;

/// Samples in a frame: 32 ms at [`SAMPLE_RATE`](crate::SAMPLE_RATE).
pub const FRAME: usize = 512;

/// Tells speech from everything else, frame by frame. Belongs to one stream of audio, whose past it remembers.
pub trait VoiceActivity: Send {
    /// The probability, within [0, 1], that somebody speaks in the next frame of the stream.
    ///
    /// # Errors
    /// When the model fails.
    fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError>;

    /// Forgets the stream; the next frame is the first of another.
    fn reset(&mut self);
}

impl<T: VoiceActivity + ?Sized> VoiceActivity for Box<T> {
    fn probability(&mut self, frame: &[f32; FRAME]) -> Result<f32, VoiceError> {
        (**self).probability(frame)
    }

    fn reset(&mut self) {
        (**self).reset();
    }
}
