//! Rooms with a loudspeaker and a microphone, to measure with.

use std::time::Duration;

use realfft::{RealFftPlanner, num_complex::Complex32};

use crate::{SAMPLE_RATE, noise::Noise};

/// The way from a loudspeaker to a microphone: a direct sound, and an exponentially decaying noise as in J.-D. Polack's
/// statistical model of rooms (1988), from a seed.
pub struct SimulatedRoom {
    response: Vec<f32>,
}

impl SimulatedRoom {
    /// A room in which sound arrives after `delay`, which has that of the devices in it, and falls by 60 dB in
    /// `reverberation`. An echo has about as much energy as its sound, a third of it reverberation.
    pub fn new(seed: u64, delay: Duration, reverberation: Duration) -> Self {
        let samples = |time: Duration| (time.as_secs_f64() * f64::from(SAMPLE_RATE)).round() as usize;
        let (delay, length) = (samples(delay), samples(reverberation));
        // The amplitude falls to a thousandth.
        let decay = |index: usize| (-(1000f32.ln()) * index as f32 / length as f32).exp();
        let tail: Vec<f32> = Noise::new(seed).take(length).enumerate().map(|(index, z)| z.re * decay(index)).collect();
        let energy = tail.iter().map(|sample| sample * sample).sum::<f32>();
        let mut response = vec![0.0; delay + 1 + length];
        response[delay] = (2.0f32 / 3.0).sqrt();
        for (place, sample) in response[delay + 1..].iter_mut().zip(tail) {
            *place = sample * (1.0 / 3.0 / energy).sqrt();
        }
        Self { response }
    }

    /// What arrives at the microphone of a sound, as long as the sound.
    pub fn echo(&self, sound: &[f32]) -> Vec<f32> {
        let size = (sound.len() + self.response.len()).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let spectrum = |samples: &[f32]| -> Vec<Complex32> {
            let mut padded = forward.make_input_vec();
            padded[..samples.len()].copy_from_slice(samples);
            let mut spectrum = forward.make_output_vec();
            forward.process(&mut padded, &mut spectrum).expect("buffers that the plan made");
            spectrum
        };
        let mut product = spectrum(sound);
        product.iter_mut().zip(spectrum(&self.response)).for_each(|(a, b)| *a *= b / size as f32);
        let mut echo = inverse.make_output_vec();
        // Rounding leaves something imaginary where there must be nothing.
        for end in [0, product.len() - 1] {
            product[end].im = 0.0;
        }
        inverse.process(&mut product, &mut echo).expect("buffers that the plan made");
        echo.truncate(sound.len());
        echo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_comes_back_late_and_dies_away() {
        let room = SimulatedRoom::new(1, Duration::from_millis(20), Duration::from_millis(200));
        let mut click = vec![0.0; 8_000];
        click[0] = 1.0;
        let echo = room.echo(&click);
        let energy = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
        assert!(energy(&echo[..320]) < 1e-9 && (echo[320] - 0.8165).abs() < 1e-4);
        assert!((energy(&echo) - 1.0).abs() < 1e-3, "{}", energy(&echo));
        // 60 dB in 200 ms: 30 dB in half of it.
        let fall = 10.0 * (energy(&echo[321..641]) / energy(&echo[1_921..2_241])).log10();
        assert!((fall - 30.0).abs() < 3.0, "{fall} dB");
        assert!(energy(&echo[3_600..]) < 1e-9);
    }

    #[test]
    fn a_seed_is_a_room() {
        let sound: Vec<f32> = (0..2_000).map(|index| (index as f32 * 0.1).sin()).collect();
        let echo = |seed| SimulatedRoom::new(seed, Duration::ZERO, Duration::from_millis(100)).echo(&sound);
        assert_eq!(echo(3), echo(3));
        assert_ne!(echo(3), echo(4));
    }
}
