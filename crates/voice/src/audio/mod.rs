//! Sound as samples: read, written, and changed to another sample rate.

mod resample;
mod wav;

use std::time::Duration;

pub use resample::Resampler;
pub use wav::{MAX_SECONDS, decode_wav, encode_wav, read_wav, to_pcm16, write_wav};

/// Samples a second of the audio that the recognising parts take.
pub const SAMPLE_RATE: u32 = 16_000;

/// Mono sound.
#[derive(Debug, Clone, PartialEq)]
pub struct Audio {
    /// Samples a second.
    pub sample_rate: u32,
    /// Samples within [-1, 1].
    pub samples: Vec<f32>,
}

impl Audio {
    /// How long it takes to play.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.sample_rate))
    }
}
