//! What a level can do at most: arithmetic in registers, and reading.

use crate::{Kernels, kernels::dispatch};

/// The most rounds of a call: the counts stay exact in the sums of f32.
pub const MAX_ROUNDS: usize = 1 << 20;
/// Elements that [`Kernels::sum`] reads at a time.
pub const SUM_CHUNK: usize = 64;

impl Kernels {
    /// Multiplies bytes and adds the products to sums of 32 bits, `rounds` times over all sums that the registers hold,
    /// with the instructions of the integer kernels and without memory. Gives the multiplications done, which is what the
    /// sums hold: every product is 1.
    ///
    /// # Panics
    /// When `rounds` exceeds [`MAX_ROUNDS`].
    pub fn multiply_bytes(self, rounds: usize) -> u64 {
        assert!(rounds <= MAX_ROUNDS, "{rounds} rounds");
        dispatch!(self, limits::multiply_bytes(rounds))
    }

    /// The same in f32.
    ///
    /// # Panics
    /// When `rounds` exceeds [`MAX_ROUNDS`].
    pub fn multiply_floats(self, rounds: usize) -> u64 {
        assert!(rounds <= MAX_ROUNDS, "{rounds} rounds");
        dispatch!(self, limits::multiply_floats(rounds))
    }

    /// The sum of `x`, in an order of the level's own: reads as fast as the level can, since several sums are under way.
    ///
    /// # Panics
    /// When `x` is not a whole number of [`SUM_CHUNK`]s.
    pub fn sum(self, x: &[f32]) -> f32 {
        assert!(x.len().is_multiple_of(SUM_CHUNK), "{} elements are not chunks of {SUM_CHUNK}", x.len());
        dispatch!(self, limits::sum(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_do_what_they_count() {
        for kernels in Kernels::all() {
            for multiply in [Kernels::multiply_bytes, Kernels::multiply_floats] {
                let once = multiply(kernels, 1);
                assert!(once > 0, "{}", kernels.isa());
                assert_eq!(multiply(kernels, 0), 0, "{}", kernels.isa());
                assert_eq!(multiply(kernels, MAX_ROUNDS), once * MAX_ROUNDS as u64, "{}", kernels.isa());
            }
        }
    }

    #[test]
    fn every_element_is_read() {
        // Whole numbers, whose sums are exact in any order.
        let x: Vec<f32> = (0..5 * SUM_CHUNK).map(|n| n as f32).collect();
        for kernels in Kernels::all() {
            assert_eq!(kernels.sum(&x), x.iter().sum(), "{}", kernels.isa());
            assert_eq!(kernels.sum(&[]), 0.0);
        }
    }
}
