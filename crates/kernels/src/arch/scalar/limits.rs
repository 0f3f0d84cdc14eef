use std::hint::black_box;

/// Numbers that are multiplied in a round; each has its sum, so that compilers may use what every CPU of the architecture has.
const LANES: usize = 64;

pub(crate) fn multiply_bytes(rounds: usize) -> u64 {
    let (ones, mut sums) = ([1i8; LANES], [0i32; LANES]);
    for _ in 0..rounds {
        // Opaque, so that no round is left out.
        for (sum, &x) in sums.iter_mut().zip(black_box(&ones)) {
            *sum += i32::from(x) * i32::from(x);
        }
    }
    sums.iter().map(|&sum| sum as u64).sum()
}

pub(crate) fn multiply_floats(rounds: usize) -> u64 {
    let (ones, mut sums) = ([1f32; LANES], [0f32; LANES]);
    for _ in 0..rounds {
        for (sum, &x) in sums.iter_mut().zip(black_box(&ones)) {
            *sum += x * x;
        }
    }
    sums.iter().map(|&sum| sum as u64).sum()
}

pub(crate) fn sum(x: &[f32]) -> f32 {
    x.iter().sum()
}
