//! Hearing whether a speaker who pauses has finished.

mod features;
mod smart_turn;

pub use smart_turn::SmartTurn;

use crate::VoiceError;

/// Tells a pause for breath or thought from the end of what somebody wanted to say.
pub trait EndOfTurn: Send {
    /// The probability, within [0, 1], that the turn is complete. `turn` is all of it so far, the silence at its end
    /// included, at [`SAMPLE_RATE`](crate::SAMPLE_RATE); the model takes as much of its end as it needs.
    ///
    /// # Errors
    /// When the model fails.
    fn probability(&mut self, turn: &[f32]) -> Result<f32, VoiceError>;
}
