//! Takes out of what a microphone hears what the loudspeaker beside it plays.
//!
//! Without it, an assistant that is heard over a loudspeaker would be interrupted by its own voice. [`EchoCanceller`] finds how
//! late the echo comes, learns the way from loudspeaker to microphone, subtracts what it predicts, and suppresses what is left.
//! The method is that of WebRTC's AEC3, in the port to Rust by the crate `sonora-aec3`. [`SimulatedRoom`] makes echoes to
//! measure it with.

mod room;

use std::time::Duration;

use sonora_aec3::{block::Block, block_processor::BlockProcessor, config::EchoCanceller3Config};

use crate::SAMPLE_RATE;

pub use room::SimulatedRoom;

/// Samples that are cleaned at a time: 4 ms.
pub const BLOCK: usize = 64;
/// A loudspeaker that has been silent for so many blocks, a quarter of a second, is taken to be off; before, it is late.
const OFF: u32 = 64;
/// The canceller's numbers are those of 16-bit integers.
const FULL_SCALE: f32 = 32_768.0;
/// From here on a microphone is taken to be overdriven, so that its echo is not what the way would make of the sound.
const CLIPPED: f32 = 0.998;

/// Cleans what one microphone hears of what one loudspeaker plays, both at [`SAMPLE_RATE`].
///
/// The two streams come in pieces of any length, and need not be of one clock: what was played goes in before the sound in which
/// its echo is heard, up to half a second before. The same pieces give the same output, which comes 4 ms late.
pub struct EchoCanceller {
    processor: BlockProcessor,
    far: Gathering,
    near: Gathering,
    /// Blocks of the microphone since the last of the loudspeaker.
    alone: u32,
}

/// A block that is being filled.
struct Gathering {
    block: Block,
    filled: usize,
}

impl Default for EchoCanceller {
    fn default() -> Self {
        Self::new()
    }
}

impl EchoCanceller {
    /// One that knows nothing of the room yet. It needs a second or two of sound from the loudspeaker to learn it.
    pub fn new() -> Self {
        let processor = BlockProcessor::new(&EchoCanceller3Config::default(), SAMPLE_RATE as usize, 1, 1);
        Self { processor, far: Gathering::new(), near: Gathering::new(), alone: OFF }
    }

    /// Takes what the loudspeaker plays, silence included. A loudspeaker of which nothing is told is taken to be silent.
    ///
    /// Here as in [`clean`](Self::clean), what is no number is taken for silence, and what is beyond full scale for full scale.
    pub fn played(&mut self, mut samples: &[f32]) {
        while self.far.fill(&mut samples) {
            self.alone = 0;
            self.processor.buffer_render(&self.far.block);
        }
    }

    /// Takes what the microphone hears, and puts what is not echo behind `output`: as many samples, in whole blocks of
    /// [`BLOCK`].
    pub fn clean(&mut self, mut samples: &[f32], output: &mut Vec<f32>) {
        while self.near.fill(&mut samples) {
            if self.alone >= OFF {
                self.far.block.view_mut(0, 0).fill(0.0);
                self.far.filled = 0;
                self.processor.buffer_render(&self.far.block);
            }
            self.alone = (self.alone + 1).min(OFF);
            let clipped = self.near.block.view(0, 0).iter().any(|sample| sample.abs() >= CLIPPED * FULL_SCALE);
            self.processor.process_capture(false, clipped, None, &mut self.near.block);
            let cleaned = self.near.block.view(0, 0).iter();
            output.extend(cleaned.map(|sample| (sample / FULL_SCALE).clamp(-1.0, 1.0)));
        }
    }

    /// How much later than it was [`played`](Self::played) a sound is heard, as far as is known.
    pub fn delay(&self) -> Duration {
        Duration::from_millis(self.processor.get_metrics().delay_ms.max(0).unsigned_abs().into())
    }
}

impl Gathering {
    fn new() -> Self {
        Self { block: Block::new(1, 1), filled: 0 }
    }

    /// Takes as many of the samples as have room. Returns whether the block is full; what comes next then begins another.
    fn fill(&mut self, samples: &mut &[f32]) -> bool {
        let (now, later) = samples.split_at(samples.len().min(BLOCK - self.filled));
        let free = &mut self.block.view_mut(0, 0)[self.filled..];
        for (free, sample) in free.iter_mut().zip(now) {
            *free = if sample.is_nan() { 0.0 } else { FULL_SCALE * sample.clamp(-1.0, 1.0) };
        }
        *samples = later;
        self.filled += now.len();
        let full = self.filled == BLOCK;
        if full {
            self.filled = 0;
        }
        full
    }
}
