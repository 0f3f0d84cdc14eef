//! What the table tests share: seeded numbers and the levels to compare.

#![allow(dead_code)]

use sottovoce_kernels::{Isa, Kernels};

/// A small seeded generator (xorshift64*), so that every level and every run sees the same numbers.
pub struct Seeded(u64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    /// Between −1 and 1.
    pub fn unit(&mut self) -> f32 {
        (self.bits() % (1 << 24)) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Roughly normal, with an outlier now and then as activations have them.
    pub fn activation(&mut self) -> f32 {
        let bell = self.unit() + self.unit() + self.unit();
        if self.bits().is_multiple_of(97) { bell * 20.0 } else { bell }
    }

    pub fn many<T>(&mut self, count: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count).map(|_| one(self)).collect()
    }
}

pub fn scalar() -> Kernels {
    Kernels::new(Isa::Scalar).unwrap()
}

/// Every level of this machine but the scalar one.
pub fn levels() -> Vec<Kernels> {
    Kernels::all().into_iter().filter(|kernels| kernels.isa() != Isa::Scalar).collect()
}
