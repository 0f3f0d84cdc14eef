//! How fast this machine reads memory.

use std::{hint::black_box, sync::Barrier, thread, time::Instant};

/// Passes over the buffer; the fastest counts.
const PASSES: usize = 12;
/// Values that are summed independently, so that loads and not additions are the limit.
const LANES: usize = 16;

/// Bytes a second that `threads` threads read together from a buffer of `bytes` bytes, which is as large as what a token
/// reads, so that it lies in the same level of cache or memory.
pub fn read_bytes_per_second(bytes: usize, threads: usize) -> f64 {
    let words = (bytes / 8).max(threads * LANES);
    let buffer = vec![1u64; words];
    let barrier = Barrier::new(threads + 1);
    let chunk = words.div_ceil(threads);
    let mut best = f64::INFINITY;
    thread::scope(|scope| {
        for part in buffer.chunks(chunk) {
            let barrier = &barrier;
            scope.spawn(move || {
                for _ in 0..PASSES {
                    barrier.wait();
                    black_box(sum(part));
                    barrier.wait();
                }
            });
        }
        // Every chunk has a thread: there are at least as many words as threads.
        for _ in 0..PASSES {
            barrier.wait();
            let started = Instant::now();
            barrier.wait();
            best = best.min(started.elapsed().as_secs_f64());
        }
    });
    (words * 8) as f64 / best
}

fn sum(words: &[u64]) -> u64 {
    let mut lanes = [0u64; LANES];
    for chunk in words.chunks_exact(LANES) {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = lane.wrapping_add(*word);
        }
    }
    lanes.into_iter().fold(0, u64::wrapping_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_threads_reads_something() {
        for (bytes, threads) in [(1 << 16, 1), (1 << 16, 2), (100, 3), (0, 1)] {
            assert!(read_bytes_per_second(bytes, threads) > 0.0);
        }
    }
}
