//! Samples as they travel: 16-bit integers, at another rate.

use sottovoce_voice::audio::{Resampler, to_pcm16};

/// Changes the sample rate of a stream.
pub struct Converter(Resampler);

impl Converter {
    pub fn new(from: u32, to: u32) -> Self {
        Self(Resampler::new(from, to))
    }

    /// Takes samples, and gives those that have become known.
    pub fn push(&mut self, samples: &[f32]) -> Vec<f32> {
        let mut converted = Vec::new();
        self.0.push(samples, &mut converted);
        converted
    }

    /// Gives the rest.
    pub fn finish(&mut self) -> Vec<f32> {
        let mut rest = Vec::new();
        self.0.finish(&mut rest);
        rest
    }
}

/// Samples as little-endian 16-bit integers.
pub fn to_bytes(samples: &[f32]) -> Vec<u8> {
    samples.iter().flat_map(|&sample| to_pcm16(sample).to_le_bytes()).collect()
}

/// Little-endian 16-bit integers as samples; half a sample at the end is dropped.
pub fn from_bytes(bytes: &[u8]) -> Vec<f32> {
    let (samples, _) = bytes.as_chunks::<2>();
    samples.iter().map(|&sample| f32::from(i16::from_le_bytes(sample)) / 32_768.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_back_as_they_went() {
        let samples = [0.0, 0.25, -0.5, -1.0];
        assert_eq!(from_bytes(&to_bytes(&samples)).len(), 4);
        for (sent, came) in samples.iter().zip(from_bytes(&to_bytes(&samples))) {
            assert!((sent - came).abs() < 1e-4, "{sent} became {came}");
        }
        assert_eq!(from_bytes(&[0, 64, 7]), [0.5]);
    }
}
