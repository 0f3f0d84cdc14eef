//! Saying text aloud.

mod delivery;
pub mod hibari;
pub mod piper;
mod readable;

use std::ops::ControlFlow;

pub use hibari::Hibari;
pub use piper::Piper;
pub use readable::unspeakable;

use crate::VoiceError;

/// The longest text that is taken at once, in bytes. [`speakable`](crate::speakable) cuts longer ones.
pub const LONGEST_TEXT: usize = 5_000;

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

impl Manner {
    /// Whether a synthesizer with these voices can do it.
    ///
    /// # Errors
    /// [`VoiceError::UnknownVoice`] or [`VoiceError::Speed`].
    pub fn check(&self, voices: &[&str]) -> Result<(), VoiceError> {
        if let Some(asked) = self.voice.as_deref().filter(|asked| !voices.contains(asked)) {
            let known = voices.iter().map(|&voice| voice.to_owned()).collect();
            return Err(VoiceError::UnknownVoice { asked: asked.to_owned(), known });
        }
        if (0.5..=2.0).contains(&self.speed) { Ok(()) } else { Err(VoiceError::Speed(self.speed)) }
    }
}

/// Turns text into speech.
pub trait Synthesizer: Send {
    /// Samples a second of what it makes.
    fn sample_rate(&self) -> u32;

    /// The names of its voices, at least one.
    fn voices(&self) -> Vec<&str>;

    /// Says `text`, plain words and punctuation, handing the samples to `sink` in pieces as they are made, without silence
    /// in front and with the pause that the last mark asks for behind. Where `sink` breaks, nothing more is made. Text with
    /// nothing to say in it makes no sound, which is no error; letters that are [`unspeakable`] are left out.
    ///
    /// # Errors
    /// When the manner asks for a voice or a speed that there is not, the text is longer than [`LONGEST_TEXT`], or the model
    /// fails.
    fn synthesize(
        &mut self,
        text: &str,
        manner: &Manner,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> Result<(), VoiceError>;
}

fn check_length(text: &str) -> Result<(), VoiceError> {
    if text.len() > LONGEST_TEXT {
        return Err(VoiceError::LongText { bytes: text.len(), limit: LONGEST_TEXT });
    }
    Ok(())
}
