//! Random weights, which lie on no grid.

use serde::Serialize;
use sottovoce_convert::{Quantize, quantize::weight_error};

/// Random weights of each kind.
const WEIGHTS: usize = 1 << 18;

/// What rounding does to weights: root mean square of the error, relative to that of the weights.
#[derive(Debug, Serialize)]
pub struct WeightErrors {
    /// Which weights.
    pub weights: String,
    /// By plain rounding.
    pub plain: f64,
    /// By the search for scales.
    pub searched: f64,
}

/// The errors of normally distributed weights, and of weights with heavier tails.
pub fn errors() -> [WeightErrors; 2] {
    let mut random = Random(1);
    let normal: Vec<f32> = (0..WEIGHTS).map(|_| random.normal() as f32).collect();
    let student = |random: &mut Random| {
        let squares: f64 = (0..4).map(|_| random.normal().powi(2)).sum();
        (random.normal() / (squares / 4.0).sqrt()) as f32
    };
    let heavy: Vec<f32> = (0..WEIGHTS).map(|_| student(&mut random)).collect();
    let errors = |name: &str, weights: &[f32]| WeightErrors {
        weights: name.to_owned(),
        plain: weight_error(weights, Quantize::Int4Plain).relative_rms(),
        searched: weight_error(weights, Quantize::Int4).relative_rms(),
    };
    [errors("normal", &normal), errors("Student t, 4 degrees", &heavy)]
}

/// SplitMix64 (Steele et al. 2014): the same numbers in every run.
struct Random(u64);

impl Random {
    /// In (0, 1].
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64 + f64::EPSILON / 2.0
    }

    /// Of mean 0 and variance 1 (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_are_normal() {
        let mut random = Random(7);
        let numbers: Vec<f64> = (0..100_000).map(|_| random.normal()).collect();
        let moment = |power| numbers.iter().map(|number| number.powi(power)).sum::<f64>() / numbers.len() as f64;
        // Standard errors of the first, second and fourth moment are 0.0032, 0.0045 and 0.031.
        assert!(moment(1).abs() < 0.015 && (moment(2) - 1.0).abs() < 0.02 && (moment(4) - 3.0).abs() < 0.15);
    }

    #[test]
    fn searching_is_better_than_plain_rounding() {
        for error in errors() {
            assert!(0.0 < error.searched && error.searched < 0.9 * error.plain, "{error:?}");
        }
    }
}
