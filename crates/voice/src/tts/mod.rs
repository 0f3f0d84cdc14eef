//! Saying text aloud.

use std::ops::ControlFlow;

use crate::VoiceError;

/// How something is said.
#[derive(Debug, Clone, PartialEq)]
pub struct Manner {
    /// One of [`Synthesizer::voices`]; the first of them if absent.
    pub voice: Option<String>,
    /// How fast: 1 is the voice's own pace, 2 twice as fast. Within [0.5, 2].
    pub speed: f32,
}

impl Default for Manner {
    fn default() -> Self {
        Self { voice: None, speed: 1.0 }
    }
}

/// Turns text into speech.
pub trait Synthesizer: Send {
    /// Samples a second of what it makes.
    fn sample_rate(&self) -> u32;

    /// The names of its voices, at least one.
    fn voices(&self) -> Vec<&str>;

    /// Says `text`, plain words and punctuation, handing the samples to `sink` in pieces as they are made. Where `sink` breaks,
    /// nothing more is made. Text with nothing to say in it makes no sound, which is no error.
    ///
    /// # Errors
    /// When the manner asks for a voice or a speed that there is not, the text is longer than it takes, or the model fails.
    fn synthesize(
        &mut self,
        text: &str,
        manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError>;
}
