//! The log-mel spectrogram of Whisper, which Smart Turn takes.
//!
//! As Radford et al. describe it in "Robust Speech Recognition via Large-Scale Weak Supervision" (2022) and their published
//! feature extractor computes it: windows of 25 ms every 10 ms, 80 bands on Slaney's mel scale, the logarithm cut off 80 dB
//! below the loudest. Before that the waveform is brought to mean 0 and variance 1.

use std::{f64::consts::TAU, sync::Arc};

use realfft::{RealFftPlanner, RealToComplex, num_complex::Complex};

use crate::SAMPLE_RATE;

/// Bands.
pub const BANDS: usize = 80;
/// Windows in the spectrogram.
pub const WINDOWS: usize = 800;
/// Samples that it is made of: eight seconds.
pub const SAMPLES: usize = WINDOWS * HOP;
const HOP: usize = 160;
const WINDOW: usize = 400;
const BINS: usize = WINDOW / 2 + 1;
/// Below this, power counts as this.
const FLOOR: f64 = 1e-10;

/// Computes spectrograms, in memory of its own; in f64, as the published extractor does.
pub struct LogMel {
    fft: Arc<dyn RealToComplex<f64>>,
    scratch: Vec<Complex<f64>>,
    spectrum: Vec<Complex<f64>>,
    hann: Vec<f64>,
    bands: Vec<Band>,
    /// The waveform with half a window mirrored at either end.
    padded: Vec<f32>,
    window: Vec<f64>,
    features: Vec<f32>,
}

/// The weights of a band, from its first bin on.
struct Band {
    first: usize,
    weights: Vec<f64>,
}

impl Default for LogMel {
    fn default() -> Self {
        let fft = RealFftPlanner::new().plan_fft_forward(WINDOW);
        let hann = |index: usize| 0.5 - 0.5 * (TAU * index as f64 / WINDOW as f64).cos();
        Self {
            scratch: fft.make_scratch_vec(),
            spectrum: fft.make_output_vec(),
            window: fft.make_input_vec(),
            fft,
            hann: (0..WINDOW).map(hann).collect(),
            bands: bands(),
            padded: vec![0.0; SAMPLES + WINDOW],
            features: vec![0.0; BANDS * WINDOWS],
        }
    }
}

impl LogMel {
    /// The spectrogram of the last [`SAMPLES`] of `audio`, after silence where there are fewer: [`WINDOWS`] numbers of each band.
    pub fn compute(&mut self, audio: &[f32]) -> &[f32] {
        self.fill(&audio[audio.len().saturating_sub(SAMPLES)..]);
        for start in 0..WINDOWS {
            let samples = &self.padded[start * HOP..][..WINDOW];
            for ((value, sample), weight) in self.window.iter_mut().zip(samples).zip(&self.hann) {
                *value = f64::from(*sample) * weight;
            }
            let done = self.fft.process_with_scratch(&mut self.window, &mut self.spectrum, &mut self.scratch);
            // Every buffer was made for this transform.
            done.expect("buffers of the transform's own lengths");
            for (band, row) in self.bands.iter().zip(self.features.chunks_exact_mut(WINDOWS)) {
                let bins = self.spectrum[band.first..].iter().zip(&band.weights);
                let power: f64 = bins.map(|(bin, weight)| bin.norm_sqr() * weight).sum();
                row[start] = power.max(FLOOR).log10() as f32;
            }
        }
        let loudest = self.features.iter().copied().fold(f32::MIN, f32::max);
        for value in &mut self.features {
            *value = (value.max(loudest - 8.0) + 4.0) / 4.0;
        }
        &self.features
    }

    /// Puts the normalised waveform where the windows are cut from.
    fn fill(&mut self, audio: &[f32]) {
        let half = WINDOW / 2;
        let (silence, rest) = self.padded[half..half + SAMPLES].split_at_mut(SAMPLES - audio.len());
        silence.fill(0.0);
        rest.copy_from_slice(audio);
        let whole = &mut self.padded[half..half + SAMPLES];
        let mean = whole.iter().map(|&sample| f64::from(sample)).sum::<f64>() / SAMPLES as f64;
        let squares = whole.iter().map(|&sample| (f64::from(sample) - mean).powi(2)).sum::<f64>();
        let scale = 1.0 / (squares / SAMPLES as f64 + 1e-7).sqrt();
        for sample in whole {
            *sample = ((f64::from(*sample) - mean) * scale) as f32;
        }
        let last = half + SAMPLES - 1;
        for distance in 1..=half {
            self.padded[half - distance] = self.padded[half + distance];
            self.padded[last + distance] = self.padded[last - distance];
        }
    }
}

/// Triangles between frequencies that are evenly spaced in mels, each of the same area.
fn bands() -> Vec<Band> {
    let nyquist = f64::from(SAMPLE_RATE) / 2.0;
    let corner = |index: usize| hertz(mels(nyquist) * index as f64 / (BANDS + 1) as f64);
    let triangle = |index: usize| {
        let (low, centre, high) = (corner(index), corner(index + 1), corner(index + 2));
        let weight = |bin: usize| {
            let frequency = nyquist * bin as f64 / (BINS - 1) as f64;
            let height = ((frequency - low) / (centre - low)).min((high - frequency) / (high - centre));
            height.max(0.0) * 2.0 / (high - low)
        };
        let first = (0..BINS).find(|&bin| weight(bin) > 0.0).unwrap_or(0);
        Band { first, weights: (first..BINS).map(weight).take_while(|&weight| weight > 0.0).collect() }
    };
    (0..BANDS).map(triangle).collect()
}

/// Slaney's scale: linear to 1 kHz, then 27 mels for a factor of 6.4.
fn mels(hertz: f64) -> f64 {
    if hertz < 1_000.0 { hertz * 3.0 / 200.0 } else { 15.0 + 27.0 * (hertz / 1_000.0).ln() / 6.4f64.ln() }
}

fn hertz(mels: f64) -> f64 {
    if mels < 15.0 { mels * 200.0 / 3.0 } else { 1_000.0 * (6.4f64.ln() * (mels - 15.0) / 27.0).exp() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sottovoce_testkit::fixtures_dir;

    use crate::audio::read_wav;

    #[test]
    fn recorded_speech_has_the_features_that_transformers_computes() {
        let folder = fixtures_dir().join("speech");
        let audio = read_wav(&folder.join("dashwood-leisure.wav"), SAMPLE_RATE).unwrap();
        let reference = sottovoce_tensor::npz::read(&folder.join("reference.npz")).unwrap();
        let mut log_mel = LogMel::default();
        let features = log_mel.compute(&audio.samples);
        let every_eighth = features.iter().step_by(8);
        let expected = reference["turn_features"].to_f32_vec();
        let difference = every_eighth.zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(expected.len(), BANDS * WINDOWS / 8);
        assert!(difference < 1e-5, "{difference}");
    }

    #[test]
    fn only_the_last_eight_seconds_count() {
        let tone: Vec<f32> = (0..SAMPLES).map(|index| (index as f32 * 0.3).sin()).collect();
        let mut log_mel = LogMel::default();
        let expected = log_mel.compute(&tone).to_vec();
        let longer = [vec![0.7; 5_000], tone].concat();
        assert_eq!(log_mel.compute(&longer), expected);
        assert!(log_mel.compute(&[]).iter().all(|value| *value == log_mel_of_silence()));
    }

    /// All power at the floor: log10 of 1e-10, as the scale has it.
    fn log_mel_of_silence() -> f32 {
        (-10.0 + 4.0) / 4.0
    }
}
