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
    let parts: Vec<&[u64]> = buffer.chunks(words.div_ceil(threads)).collect();
    let barrier = Barrier::new(parts.len());
    let read = |part: &[u64]| -> [(Instant, Instant); PASSES] {
        std::array::from_fn(|_| {
            barrier.wait();
            let started = Instant::now();
            // Opaque both ways: the sum must be computed, and anew in every pass.
            black_box(sum(black_box(part)));
            (started, Instant::now())
        })
    };
    let times: Vec<[(Instant, Instant); PASSES]> = thread::scope(|scope| {
        let readers: Vec<_> = parts.iter().map(|part| scope.spawn(|| read(part))).collect();
        readers.into_iter().filter_map(|reader| reader.join().ok()).collect()
    });
    // A pass lasts from the first start to the last end.
    let seconds = (0..PASSES).filter_map(|pass| {
        let started = times.iter().map(|times| times[pass].0).min()?;
        let ended = times.iter().map(|times| times[pass].1).max()?;
        Some(ended.duration_since(started).as_secs_f64())
    });
    (words * 8) as f64 / seconds.fold(f64::INFINITY, f64::min)
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

    #[test]
    fn the_buffer_is_read_in_every_pass() {
        // No machine reads 16 MB in less than a microsecond: that would be 16 TB/s.
        assert!(read_bytes_per_second(16 << 20, 2) < 16e12);
    }
}
