use sottovoce_tensor::{DType, Tensor};

/// Environment variable that fixes the seed of [`Random::from_env`], to repeat a failed test.
const SEED_VARIABLE: &str = "SOTTOVOCE_TEST_SEED";

/// SplitMix64 (Steele, Lea, Flood 2014): small, seedable and the same on every machine. Not for cryptography.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator with a fixed seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator seeded by `SOTTOVOCE_TEST_SEED`, or `default`. The seed is printed, so a failed test shows it.
    ///
    /// # Panics
    /// When the variable holds anything but a number.
    pub fn from_env(default: u64) -> Self {
        let seed = match std::env::var(SEED_VARIABLE) {
            Ok(text) => text.parse().unwrap_or_else(|_| panic!("{SEED_VARIABLE}={text} is not a number")),
            Err(_) => default,
        };
        println!("seed {seed} (repeat with {SEED_VARIABLE}={seed})");
        Self::new(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in `0..end`.
    ///
    /// # Panics
    /// When `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// A number in [0, 1) with 24 random bits.
    pub fn uniform(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1u64 << 24) as f32
    }

    /// A normally distributed number with mean 0 and deviation 1 (Box-Muller).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// A float tensor of normally distributed values with deviation `spread`.
    ///
    /// # Panics
    /// When `dtype` is a sub-byte type or the shape overflows.
    pub fn tensor(&mut self, dtype: DType, shape: &[usize], spread: f32) -> Tensor {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| self.normal() * spread).collect();
        Tensor::from_f32(dtype, shape, &values).expect("a tensor of that type and shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_the_published_sequence() {
        let mut random = Random::new(1234567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn normal_values_have_mean_0_and_deviation_1() {
        let mut random = Random::new(1);
        let values: Vec<f32> = (0..10_000).map(|_| random.normal()).collect();
        let mean = values.iter().sum::<f32>() / 1e4;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 1e4;
        // Standard errors are 0.01 and 0.014; five of them.
        assert!(mean.abs() < 0.05, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.07, "variance {variance}");
    }
}
