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
    let chunk = words.div_ceil(threads);
    // There may be fewer chunks than threads, each with a worker of its own.
    let barrier = Barrier::new(words.div_ceil(chunk));
    let spans: Vec<Vec<(Instant, Instant)>> = thread::scope(|scope| {
        let workers: Vec<_> = buffer
            .chunks(chunk)
            .map(|part| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let pass = |_| {
                        barrier.wait();
                        let started = Instant::now();
                        black_box(sum(black_box(part)));
                        (started, Instant::now())
                    };
                    (0..PASSES).map(pass).collect()
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    // A pass lasts from the first start to the last end, on the workers' own clocks: a watching thread may sleep through it.
    let seconds = |pass: usize| {
        let started = spans.iter().map(|span| span[pass].0).min();
        let ended = spans.iter().map(|span| span[pass].1).max();
        started.zip(ended).map_or(f64::INFINITY, |(started, ended)| (ended - started).as_secs_f64())
    };
    let best = (0..PASSES).map(seconds).fold(f64::INFINITY, f64::min);
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
