//! What the benches share.

use std::time::Duration;

use criterion::Criterion;
use sottovoce_kernels::{Compute, Kernels, Team};

/// The kernels of the level that `SOTTOVOCE_ISA` names, else the best, on every CPU that the process may use.
pub fn compute() -> Compute {
    let kernels = Kernels::detect().unwrap_or_else(|error| panic!("{error}"));
    let compute = Compute::new(kernels, Team::default_threads());
    eprintln!("level {}, {} threads", kernels.isa(), compute.team().threads());
    compute
}

/// Short runs: the kernels take microseconds and vary little.
pub fn criterion() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .sample_size(20)
}

/// Numbers without order, for weights and activations.
pub fn noise(seed: usize) -> impl FnMut() -> u32 {
    let mut state = seed as u64 * 2 + 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32
    }
}

/// Numbers between −1 and 1.
pub fn floats(count: usize) -> Vec<f32> {
    let mut noise = noise(count);
    (0..count).map(|_| noise() as f32 / (1 << 30) as f32 - 1.0).collect()
}
