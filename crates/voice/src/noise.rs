//! Noise that is the same every time.

use std::f32::consts::TAU;

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use realfft::num_complex::Complex32;

/// Complex numbers whose parts are normally distributed with variance 1, from a seed.
pub(crate) struct Noise(ChaCha8Rng);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Iterator for Noise {
    type Item = Complex32;

    /// By the method of Box and Muller.
    fn next(&mut self) -> Option<Complex32> {
        let word = self.0.next_u64();
        // 24 bits each; the first within (0, 1], so that it has a logarithm.
        let [radius, angle] = [word >> 40, word >> 16 & 0xff_ffff].map(|bits| bits as f32 / (1 << 24) as f32);
        let radius = (-2.0 * (1.0 - radius).ln()).sqrt();
        Some(Complex32::from_polar(radius, TAU * angle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_normal_and_repeats() {
        let numbers: Vec<Complex32> = Noise::new(7).take(100_000).collect();
        let parts: Vec<f64> = numbers.iter().flat_map(|z| [f64::from(z.re), f64::from(z.im)]).collect();
        let mean = |power: i32| parts.iter().map(|part| part.powi(power)).sum::<f64>() / parts.len() as f64;
        let [first, second, third, fourth] = [1, 2, 3, 4].map(mean);
        assert!(first.abs() < 0.01 && (second - 1.0).abs() < 0.01 && third.abs() < 0.05 && (fourth - 3.0).abs() < 0.1);
        assert!(numbers.iter().all(|z| z.re.is_finite() && z.im.is_finite()));
        assert!(Noise::new(7).take(1000).eq(numbers[..1000].iter().copied()));
        assert!(Noise::new(8).next() != Noise::new(7).next());
    }
}
