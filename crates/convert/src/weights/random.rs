//! Random weights in the layouts that checkpoints store.

use half::f16;

use super::WeightFormat;

/// Increment of SplitMix64 (Steele, Lea, Flood 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// Mean of the sum of four uniform 16-bit numbers.
const SUM_MEAN: i32 = 2 * 65_535;
/// Its standard deviation, √(4·(2³² − 1)/12).
const SUM_DEVIATION: f32 = 37_837.227;
/// Bits of the sum.
const SUM_BITS: usize = 18;

/// Weights that are nearly normally distributed around 0: weight `i` is a function of the seed and `i` alone, so that
/// threads can make any part, on any machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RandomWeights {
    seed: u64,
    deviation: f32,
}

impl RandomWeights {
    /// The weights of stream number `stream`, with that standard deviation.
    pub fn new(stream: u64, deviation: f32) -> Self {
        Self { seed: mix(stream.wrapping_mul(GOLDEN)), deviation }
    }

    /// Fills `out`, whole blocks of `format`, with the weights from number `first` on.
    ///
    /// # Panics
    /// For formats other than F32, F16, Q8_0 and Q4_0.
    pub fn fill(&self, format: WeightFormat, first: u64, out: &mut [u8]) {
        let blocks = out.chunks_exact_mut(format.block_bytes());
        let blocks = blocks.zip((first..).step_by(format.block_len()));
        match format {
            WeightFormat::F32 => blocks.for_each(|(out, index)| out.copy_from_slice(&self.float(index).to_le_bytes())),
            WeightFormat::F16 => blocks.for_each(|(out, index)| {
                out.copy_from_slice(&f16::from_f32(self.float(index)).to_le_bytes());
            }),
            WeightFormat::Q8_0 => blocks.for_each(|(out, first)| {
                out[..2].copy_from_slice(&self.scale::<8>());
                for (byte, index) in out[2..].iter_mut().zip(first..) {
                    // Codes are signed.
                    *byte = self.code::<8>(index) ^ 0x80;
                }
            }),
            WeightFormat::Q4_0 => blocks.for_each(|(out, first)| {
                out[..2].copy_from_slice(&self.scale::<4>());
                for (byte, index) in out[2..].iter_mut().zip(first..) {
                    // Low nibbles are the first half of the block.
                    *byte = self.code::<4>(index) | self.code::<4>(index + 16) << 4;
                }
            }),
            other => unreachable!("random weights are not made as {other}"),
        }
    }

    /// The weight of that number.
    fn float(&self, index: u64) -> f32 {
        (self.sum(index) - SUM_MEAN) as f32 * (self.deviation / SUM_DEVIATION)
    }

    /// The weight of that number as a code in 0..2^BITS, where 2^(BITS − 1) stands for zero.
    fn code<const BITS: usize>(&self, index: u64) -> u8 {
        let shift = SUM_BITS - BITS;
        // The sum that would round to the code above the largest comes up once in some ten thousand times.
        (((self.sum(index) + (1 << (shift - 1))) >> shift).min((1 << BITS) - 1)) as u8
    }

    /// The f16 scale that gives codes the standard deviation wanted.
    fn scale<const BITS: usize>(&self) -> [u8; 2] {
        let step = (1 << (SUM_BITS - BITS)) as f32;
        f16::from_f32(self.deviation * (step / SUM_DEVIATION)).to_le_bytes()
    }

    /// Sum of four uniform 16-bit numbers.
    fn sum(&self, index: u64) -> i32 {
        let bits = mix(self.seed.wrapping_add(index.wrapping_mul(GOLDEN)));
        let part = |shift: u32| (bits >> shift & 0xffff) as i32;
        part(0) + part(16) + part(32) + part(48)
    }
}

/// The finaliser of SplitMix64: each bit of the input turns over half of the bits of the output.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::dequantise;

    const FORMATS: [WeightFormat; 4] = [WeightFormat::F32, WeightFormat::F16, WeightFormat::Q8_0, WeightFormat::Q4_0];

    fn weights(stream: u64, format: WeightFormat, first: u64, count: usize) -> Vec<f32> {
        let mut bytes = vec![0; format.row_bytes(count).unwrap()];
        RandomWeights::new(stream, 0.5).fill(format, first, &mut bytes);
        let mut weights = Vec::new();
        dequantise(format, &bytes, &mut weights);
        weights
    }

    #[test]
    fn every_format_has_the_mean_and_deviation_asked_for() {
        for format in FORMATS {
            let weights = weights(3, format, 0, 1 << 16);
            let mean = weights.iter().sum::<f32>() / weights.len() as f32;
            let variance = weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f32>() / weights.len() as f32;
            // Standard errors are 0.5/256 and 0.5/362; five of them. Rounding to 16 codes adds a variance of 1/12 step²,
            // 0.8 % of the deviation.
            assert!(mean.abs() < 0.01, "{format}: mean {mean}");
            assert!((variance.sqrt() - 0.5).abs() < 0.012, "{format}: deviation {}", variance.sqrt());
            // Four uniform numbers reach √12 deviations, and the scale is rounded to f16.
            assert!(weights.iter().all(|weight| weight.abs() < 0.5 * 3.48), "{format}");
        }
    }

    #[test]
    fn formats_hold_the_same_weights_rounded() {
        let exact = weights(3, WeightFormat::F32, 0, 4096);
        for format in FORMATS {
            // A code is off by half a step, the lowest code, −8 or −128, having no counterpart above.
            let step = match format {
                WeightFormat::Q4_0 => 0.5 / 2.309,
                WeightFormat::Q8_0 => 0.5 / 36.95,
                _ => 0.002,
            };
            let rounded = weights(3, format, 0, 4096);
            let error = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(error <= step, "{format}: {error}");
        }
    }

    #[test]
    fn any_part_can_be_made_alone_and_streams_differ() {
        for format in FORMATS {
            let whole = weights(7, format, 0, 128);
            assert_eq!(whole[64..], weights(7, format, 64, 64), "{format}");
            assert_ne!(whole, weights(8, format, 0, 128), "{format}");
        }
    }
}
