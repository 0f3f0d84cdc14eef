//! From what the network says about the sound to samples.
//!
//! The network describes the spectrum of a frame every [`HOP`] samples: how loud each frequency of the voice's pulses is
//! and how its phase is turned, how loud each frequency of noise is, and a part that is neither. The spectrum is
//!
//! S = e^h · e^(iπ·tanh θ) · P + e^n · Z + e^r · e^(iφ)
//!
//! with P the spectrum of the pulses (`pulses`) and Z noise (`crate::noise`). Frames are made samples by the inverse transform
//! and added where they overlap, so that samples can leave as soon as the frames over them are there.

mod pulses;

use std::{f32::consts::PI, ops::ControlFlow, sync::Arc};

use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex32};

use crate::noise::Noise;

/// Samples a second.
pub(super) const SAMPLE_RATE: u32 = 24_000;
/// Samples from one frame to the next: 12.5 ms.
pub(super) const HOP: usize = 300;
/// Samples of a frame.
const FRAME: usize = 4 * HOP;
/// Frequencies of a frame.
pub(super) const BINS: usize = FRAME / 2 + 1;
/// No logarithm of a loudness is larger.
const LOUDEST: f32 = 7.0;

/// What the network gives: five times [`BINS`] rows of a number per frame, and the pitch of each frame in Hz.
pub(super) struct Description<'a> {
    pub harmonics: &'a [f32],
    pub theta: &'a [f32],
    pub noise: &'a [f32],
    pub rest: &'a [f32],
    pub phi: &'a [f32],
    pub pitch: &'a [f32],
}

impl Description<'_> {
    /// Whether all sizes agree and all numbers are numbers.
    pub(super) fn is_sound(&self) -> bool {
        let spectra = [self.harmonics, self.theta, self.noise, self.rest, self.phi];
        spectra.iter().all(|part| part.len() == BINS * self.pitch.len())
            && spectra.into_iter().chain([self.pitch]).flatten().all(|number| !number.is_nan())
    }
}

pub(super) struct Vocoder {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    window: Vec<f32>,
}

impl Vocoder {
    pub(super) fn new() -> Self {
        let mut planner = RealFftPlanner::new();
        let window = (0..FRAME).map(|index| 0.5 - 0.5 * (2.0 * PI * index as f32 / FRAME as f32).cos()).collect();
        Self { forward: planner.plan_fft_forward(FRAME), inverse: planner.plan_fft_inverse(FRAME), window }
    }

    /// Makes samples of a description that is sound, [`HOP`] for each of its frames, in pieces of about `piece` frames, with
    /// noise from `seed`.
    pub(super) fn synthesize(
        &self,
        description: &Description<'_>,
        seed: u64,
        piece: usize,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        self.synthesize_with(description, &mut Noise::new(seed), piece, sink)
    }

    fn synthesize_with(
        &self,
        description: &Description<'_>,
        noise: &mut dyn Iterator<Item = Complex32>,
        piece: usize,
        sink: &mut dyn FnMut(&[f32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let frames = description.pitch.len();
        let pulses = pulses::pulses(description.pitch);
        // A frame begins two hops before the hop that it belongs to.
        let mut sums = vec![0.0; (frames + 3) * HOP];
        let mut weights = vec![0.0; sums.len()];
        let mut spectrum = vec![Complex32::ZERO; BINS];
        let mut samples = vec![0.0; FRAME];
        let mut given = 0;
        for frame in 0..frames {
            self.analyse(&pulses, frame, &mut samples, &mut spectrum);
            shape(&mut spectrum, description, frame, noise);
            self.inverse.process(&mut spectrum, &mut samples).expect("both have the transform's sizes");
            let sums_of_frame = sums[frame * HOP..].iter_mut().zip(&mut weights[frame * HOP..]);
            for ((sum, weight), (sample, window)) in sums_of_frame.zip(samples.iter().zip(&self.window)) {
                *sum += sample * window / FRAME as f32;
                *weight += window * window;
            }
            // Later frames do not reach the hop before the last.
            let whole = if frame + 1 == frames { frames } else { frame.saturating_sub(1) };
            if whole - given >= piece || whole == frames {
                let range = (given + 2) * HOP..(whole + 2) * HOP;
                let weighed = sums[range.clone()].iter().zip(&weights[range]);
                sink(&weighed.map(|(sum, weight)| sum / weight).collect::<Vec<_>>())?;
                given = whole;
            }
        }
        ControlFlow::Continue(())
    }

    /// The spectrum of a frame of `samples`, which are mirrored at their ends. A cosine of amplitude 1 is 1 in it.
    fn analyse(&self, pulses: &[f32], frame: usize, samples: &mut [f32], spectrum: &mut [Complex32]) {
        let period = 2 * (pulses.len() - 1);
        for (index, (sample, window)) in samples.iter_mut().zip(&self.window).enumerate() {
            let place = (frame * HOP + index + period - FRAME / 2 % period) % period;
            *sample = pulses[place.min(period - place)] * window / HOP as f32;
        }
        self.forward.process(samples, spectrum).expect("both have the transform's sizes");
    }
}

/// Makes the spectrum of pulses that of the voice.
fn shape(
    spectrum: &mut [Complex32],
    description: &Description<'_>,
    frame: usize,
    noise: &mut dyn Iterator<Item = Complex32>,
) {
    let frames = description.pitch.len();
    for (bin, (value, noise)) in spectrum.iter_mut().zip(noise).enumerate() {
        let at = bin * frames + frame;
        let loudness = |logarithm: f32| logarithm.min(LOUDEST).exp();
        let turned = Complex32::from_polar(loudness(description.harmonics[at]), PI * description.theta[at].tanh());
        let rest = Complex32::from_polar(loudness(description.rest[at]), description.phi[at]);
        *value = *value * turned + noise * loudness(description.noise[at]) + rest;
    }
    // The lowest and the highest frequency have no phase.
    for bin in [0, BINS - 1] {
        spectrum[bin].im = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use sottovoce_tensor::npz;
    use sottovoce_testkit::fixtures_dir;

    use super::*;

    /// What separates two ways to compute the same samples, which are within [-1, 1]; the largest difference measured is
    /// 4.5e-7.
    const TOLERANCE: f32 = 5e-6;

    struct Fixture(HashMap<String, Vec<f32>>);

    impl Fixture {
        fn read() -> Self {
            let arrays = npz::read(&fixtures_dir().join("speech/hibari.npz")).unwrap();
            Self(arrays.into_iter().map(|(name, array)| (name, array.to_f32_vec())).collect())
        }

        fn description(&self) -> Description<'_> {
            let [harmonics, theta, noise, rest, phi, pitch] =
                ["lh", "theta", "ln", "lr", "phi", "f0"].map(|name| &self.0[name][..]);
            Description { harmonics, theta, noise, rest, phi, pitch }
        }
    }

    fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    fn collect(synthesize: impl FnOnce(&mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> ControlFlow<()>) -> Vec<f32> {
        let mut samples = Vec::new();
        let end = synthesize(&mut |piece| {
            samples.extend_from_slice(piece);
            ControlFlow::Continue(())
        });
        assert!(end.is_continue());
        samples
    }

    #[test]
    fn samples_are_those_of_the_python_package() {
        let fixture = Fixture::read();
        let description = fixture.description();
        let frames = description.pitch.len();
        assert!(description.is_sound());
        let voiced = description.pitch.iter().filter(|&&pitch| pitch > 40.0).count();
        assert!(voiced > 4 && frames - voiced > 4, "{voiced} of {frames} frames are voiced");

        // A pulse may be 275 high.
        let difference = largest_difference(&pulses::pulses(description.pitch), &fixture.0["pulses"]);
        assert!(difference < 100.0 * TOLERANCE, "{difference}");

        let given = &fixture.0["noise"];
        let mut noise = (0..frames).flat_map(|frame| (0..BINS).map(move |bin| 2 * (bin * frames + frame)));
        let mut noise = noise.by_ref().map(|at| Complex32::new(given[at], given[at + 1]));
        let samples = collect(|sink| Vocoder::new().synthesize_with(&description, &mut noise, 4, sink));
        let loudest = samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
        assert!(loudest > 0.05, "{loudest}");
        let difference = largest_difference(&samples, &fixture.0["samples"]);
        assert!(difference < TOLERANCE, "{difference}");
    }

    #[test]
    fn pieces_and_repetition_change_nothing() {
        let fixture = Fixture::read();
        let description = fixture.description();
        let vocoder = Vocoder::new();
        let whole = collect(|sink| vocoder.synthesize(&description, 1, usize::MAX, sink));
        assert_eq!(whole.len(), description.pitch.len() * HOP);
        for piece in [1, 5, 8] {
            let mut sizes = Vec::new();
            let again = collect(|sink| {
                vocoder.synthesize(&description, 1, piece, &mut |samples| {
                    sizes.push(samples.len());
                    sink(samples)
                })
            });
            assert_eq!(again, whole);
            assert!(sizes[..sizes.len() - 1].iter().all(|&size| size == piece * HOP), "{sizes:?}");
        }
        let other_noise = collect(|sink| vocoder.synthesize(&description, 2, 8, sink));
        assert_ne!(other_noise, whole);
    }

    #[test]
    fn a_sink_that_has_enough_ends_the_work() {
        let fixture = Fixture::read();
        let mut pieces = 0;
        let end = Vocoder::new().synthesize(&fixture.description(), 1, 2, &mut |_| {
            pieces += 1;
            if pieces == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(end.is_break() && pieces == 3);
    }

    #[test]
    fn descriptions_of_wrong_sizes_or_without_numbers_are_not_sound() {
        let fixture = Fixture::read();
        let description = fixture.description();
        assert!(!Description { phi: &description.phi[1..], ..fixture.description() }.is_sound());
        assert!(!Description { pitch: &[], ..fixture.description() }.is_sound());
        let mut broken = description.noise.to_vec();
        broken[17] = f32::NAN;
        assert!(!Description { noise: &broken, ..fixture.description() }.is_sound());
        // Too loud is cut, too quiet is silent: neither is an error.
        let loud = vec![f32::INFINITY; broken.len()];
        let quiet = vec![f32::NEG_INFINITY; broken.len()];
        let extreme = Description { noise: &loud, rest: &quiet, ..fixture.description() };
        assert!(extreme.is_sound());
        let samples = collect(|sink| Vocoder::new().synthesize(&extreme, 1, 8, sink));
        assert!(samples.iter().all(|sample| sample.is_finite()));
    }
}
