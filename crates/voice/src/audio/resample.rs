//! Changing the sample rate of a stream.

use rubato::{Fft, FixedSync, Indexing, Resampler as _, audioadapter_buffers::direct::InterleavedSlice};

/// Changes the sample rate of a stream, whole or as it comes in pieces of any length; what comes out is the same.
///
/// The output lies where the input does, to half a sample of the input, and has as many samples as the input's duration has;
/// they come about 20 ms late.
pub struct Resampler {
    /// Nothing to do where there is none.
    inner: Option<Inner>,
}

struct Inner {
    fft: Fft<f32>,
    /// Input of the next block.
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Samples at the beginning that are the filter's delay, not yet dropped.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// From `from` samples a second to `to`, both above 0.
    pub fn new(from: u32, to: u32) -> Self {
        Self { inner: (from != to).then(|| Inner::new(from as usize, to as usize)) }
    }

    /// Takes samples, and puts those that have become known behind `output`.
    pub fn push(&mut self, samples: &[f32], output: &mut Vec<f32>) {
        match &mut self.inner {
            None => output.extend_from_slice(samples),
            Some(inner) => inner.push(samples, output),
        }
    }

    /// Puts the rest behind `output`; the next samples begin another stream.
    pub fn finish(&mut self, output: &mut Vec<f32>) {
        if let Some(inner) = &mut self.inner {
            inner.finish(output);
        }
    }
}

impl Inner {
    fn new(from: usize, to: usize) -> Self {
        // About 20 ms: a shorter block filters less sharply, a longer one comes later.
        let block = (from / 50).max(1);
        // Rates above 0 are all that it asks for.
        let fft = Fft::new_custom(from, to, block, 1, 1, rubato::WindowFunction::BlackmanHarris2, FixedSync::Both)
            .expect("rates above 0");
        let (delay, block) = (fft.output_delay(), vec![0.0; fft.output_frames_max()]);
        Self { pending: Vec::with_capacity(fft.input_frames_max()), fft, block, delay, taken: 0, given: 0 }
    }

    fn push(&mut self, mut samples: &[f32], output: &mut Vec<f32>) {
        self.taken += samples.len() as u64;
        while !samples.is_empty() {
            let room = self.fft.input_frames_next() - self.pending.len();
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.pending.extend_from_slice(now);
            samples = later;
            if now.len() == room {
                self.process(output, u64::MAX);
            }
        }
    }

    /// Turns what is pending into output, of which no more than `limit` samples are given in all.
    fn process(&mut self, output: &mut Vec<f32>, limit: u64) {
        let partial = Indexing::new().partial_len(self.pending.len());
        self.pending.resize(self.fft.input_frames_next(), 0.0);
        let (inputs, outputs) = (self.pending.len(), self.block.len());
        // Buffers of one channel and of the sizes that were asked for.
        let input = InterleavedSlice::new(&self.pending, 1, inputs).expect("a buffer of its own length");
        let mut block = InterleavedSlice::new_mut(&mut self.block, 1, outputs).expect("a buffer of its own length");
        let processed = self.fft.process_into_buffer(&input, &mut block, Some(&partial));
        let (_, made) = processed.expect("buffers of the sizes asked for");
        self.pending.clear();
        let dropped = self.delay.min(made);
        self.delay -= dropped;
        let room = usize::try_from(limit - self.given).unwrap_or(usize::MAX);
        let fresh = &self.block[dropped..made];
        let fresh = &fresh[..fresh.len().min(room)];
        self.given += fresh.len() as u64;
        output.extend_from_slice(fresh);
    }

    fn finish(&mut self, output: &mut Vec<f32>) {
        let end = (self.taken as f64 * self.fft.resample_ratio()).ceil() as u64;
        while self.given < end {
            self.process(output, end);
        }
        self.fft.reset();
        (self.delay, self.taken, self.given) = (self.fft.output_delay(), 0, 0);
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sine(frequency: f64, rate: u32, count: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * frequency / f64::from(rate);
        (0..count).map(|index| (0.5 * (step * index as f64).sin()) as f32).collect()
    }

    fn whole(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
        let (mut resampler, mut output) = (Resampler::new(from, to), Vec::new());
        resampler.push(samples, &mut output);
        resampler.finish(&mut output);
        output
    }

    #[test]
    fn a_tone_keeps_its_frequency_its_strength_and_its_place() {
        for from in [8_000, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000, 11_025] {
            let input = sine(1_000.0, from, from as usize);
            let output = whole(&input, from, 16_000);
            let expected = sine(1_000.0, 16_000, 16_000);
            assert_eq!(output.len(), 16_000, "{from} Hz");
            let middle = output[500..15_500].iter().zip(&expected[500..15_500]);
            let worst = middle.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Half a sample of the input on the steepest part of the tone, and the filter's own error.
            let half_sample = 0.5 * std::f32::consts::TAU * 1_000.0 * 0.5 / from as f32;
            assert!(worst < half_sample + 1e-3, "{from} Hz: {worst}");
        }
    }

    #[test]
    fn what_the_new_rate_cannot_hold_is_gone() {
        let output = whole(&sine(11_000.0, 48_000, 48_000), 48_000, 16_000);
        let loudest = output[500..15_500].iter().fold(0.0f32, |most, sample| most.max(sample.abs()));
        assert!(loudest < 1e-3, "{loudest}");
    }

    #[test]
    fn nothing_gives_nothing_and_a_stream_can_follow_another() {
        assert!(whole(&[], 44_100, 16_000).is_empty());
        let input = sine(440.0, 44_100, 3_000);
        let (mut resampler, mut first, mut second) = (Resampler::new(44_100, 16_000), Vec::new(), Vec::new());
        for output in [&mut first, &mut second] {
            resampler.push(&input, output);
            resampler.finish(output);
        }
        assert_eq!(first, second);
        assert_eq!(first.len(), 1_089);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn pieces_give_what_the_whole_gives(
            rates in prop::sample::select(vec![(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (16_000, 24_000), (44_101, 16_000)]),
            lengths in prop::collection::vec(0usize..3_000, 0..12),
        ) {
            let (from, to) = rates;
            let input = sine(700.0, from, lengths.iter().sum());
            let (mut resampler, mut output, mut rest) = (Resampler::new(from, to), Vec::new(), &input[..]);
            for length in lengths {
                let (piece, later) = rest.split_at(length);
                resampler.push(piece, &mut output);
                rest = later;
            }
            resampler.finish(&mut output);
            prop_assert_eq!(output, whole(&input, from, to));
        }
    }
}
