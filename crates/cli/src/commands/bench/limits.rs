//! What this machine can do at most with a number of threads: reading memory, and arithmetic in registers.

use std::{
    hint::black_box,
    io::Write,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Instant,
};

use anyhow::Context;
use memmap2::MmapMut;
use serde::Serialize;
use sottovoce_kernels::{Isa, Kernels, MAX_ROUNDS, SUM_CHUNK, Team, split};

use crate::{
    console::{self, BOLD, DIM},
    interrupt, machine,
};

/// Runs of which the fastest counts, since a limit is what is possible.
const RUNS: usize = 5;
/// Bytes that a run reads at least, in several passes over a small buffer, so that starting the threads does not show.
const RUN_BYTES: usize = 256 << 20;

/// Memory to read, in large pages where the system has them, as weights are.
pub struct Buffer {
    map: MmapMut,
}

impl Buffer {
    /// A buffer of `bytes`, rounded up to what the kernels read at a time.
    ///
    /// # Errors
    /// There is not so much memory.
    pub fn new(bytes: usize) -> anyhow::Result<Self> {
        let bytes = bytes.max(1).next_multiple_of(SUM_CHUNK * size_of::<f32>());
        let mut map = MmapMut::map_anon(bytes).with_context(|| format!("no memory for {bytes} bytes to read"))?;
        #[cfg(target_os = "linux")]
        // Where large pages are not to be had, small ones are.
        let _ = map.advise(memmap2::Advice::HugePage);
        // Every page is written, as pages that never were are all the same one. The bytes are those of a small float.
        map.fill(0x3c);
        Ok(Self { map })
    }

    /// The first `bytes` of it, rounded up in the same way.
    pub fn first(&self, bytes: usize) -> &[f32] {
        let chunks = (bytes / size_of::<f32>()).div_ceil(SUM_CHUNK).max(1);
        &bytemuck::cast_slice(&self.map)[..chunks * SUM_CHUNK]
    }
}

/// Threads with the kernels of one level.
pub struct Probe {
    team: Team,
    kernels: Kernels,
}

impl Probe {
    /// `kernels` on `threads` threads.
    pub fn new(kernels: Kernels, threads: usize) -> Self {
        Self { team: Team::new(threads), kernels }
    }

    /// Bytes a second that the threads read together, each its own part.
    pub fn read(&self, values: &[f32]) -> f64 {
        let (bytes, threads) = (size_of_val(values), self.team.threads());
        let passes = (RUN_BYTES / bytes).max(1);
        let seconds = fastest(|| {
            self.team.for_each(threads, |_, unit| {
                let part = &values[split(values.len(), SUM_CHUNK, unit, threads)];
                for _ in 0..passes {
                    // Opaque both ways: the sum must be computed, and anew in every pass.
                    black_box(self.kernels.sum(black_box(part)));
                }
            });
        });
        (bytes * passes) as f64 / seconds
    }

    /// Operations a second on bytes, a product and its sum counting as two.
    pub fn int8(&self) -> f64 {
        self.multiply(Kernels::multiply_bytes)
    }

    /// The same on f32.
    pub fn f32(&self) -> f64 {
        self.multiply(Kernels::multiply_floats)
    }

    fn multiply(&self, multiply: fn(Kernels, usize) -> u64) -> f64 {
        let products = AtomicU64::new(0);
        let seconds = fastest(|| {
            products.store(0, Relaxed);
            self.team.for_each(self.team.threads(), |_, _| {
                products.fetch_add(multiply(self.kernels, MAX_ROUNDS), Relaxed);
            });
        });
        2.0 * products.into_inner() as f64 / seconds
    }
}

/// Seconds of the fastest run of `job`.
fn fastest(mut job: impl FnMut()) -> f64 {
    let seconds = (0..RUNS).map(|_| {
        let started = Instant::now();
        job();
        started.elapsed().as_secs_f64()
    });
    seconds.fold(f64::INFINITY, f64::min)
}

/// The limits of this machine.
#[derive(Debug, Serialize)]
pub struct Limits {
    cpu: String,
    reading: Vec<Reading>,
    arithmetic: Vec<Arithmetic>,
}

#[derive(Debug, Serialize)]
struct Reading {
    /// What a buffer of this size lies in.
    from: &'static str,
    bytes: usize,
    threads: usize,
    bytes_per_second: f64,
}

#[derive(Debug, Serialize)]
struct Arithmetic {
    level: &'static str,
    threads: usize,
    int8_operations_per_second: f64,
    f32_operations_per_second: f64,
}

/// Measures this machine with 1, 2, 4 and so on up to `threads` threads. `model` is how many bytes a token of a model reads.
///
/// # Errors
/// The machine does not tell what it has, or has too little memory.
pub fn measure(model: Option<usize>, threads: usize) -> anyhow::Result<Limits> {
    let best = Kernels::detect()?;
    let counts: Vec<usize> =
        (0..).map(|power| 1 << power).take_while(|&count| count < threads).chain([threads]).collect();
    let mut reading = Vec::new();
    for &threads in &counts {
        let probe = Probe::new(best, threads);
        for (from, bytes) in sizes(&machine::caches(), machine::memory()?.available, model, threads) {
            interrupt::stop_if_asked()?;
            let bytes_per_second = probe.read(Buffer::new(bytes)?.first(bytes));
            reading.push(Reading { from, bytes, threads, bytes_per_second });
        }
    }
    let mut arithmetic = Vec::new();
    for kernels in Kernels::all() {
        for &threads in &counts {
            interrupt::stop_if_asked()?;
            let probe = Probe::new(kernels, threads);
            arithmetic.push(Arithmetic {
                level: kernels.isa().name(),
                threads,
                int8_operations_per_second: probe.int8(),
                f32_operations_per_second: probe.f32(),
            });
        }
    }
    Ok(Limits { cpu: machine::cpu()?.0, reading, arithmetic })
}

/// Names and sizes of the buffers to read: halves of caches, so that nothing else pushes them out; as much as a token of the
/// model reads; and much more than any cache holds, but not more than half of the memory.
fn sizes(caches: &machine::Caches, available: u64, model: Option<usize>, threads: usize) -> Vec<(&'static str, usize)> {
    let half = usize::try_from(available / 2).unwrap_or(usize::MAX);
    let mut sizes = vec![("L2 cache", caches.l2 / 2 * threads), ("last cache", caches.last / 2)];
    // A last cache that the threads' second ones fill is none.
    sizes.dedup_by(|last, l2| last.1 <= l2.1);
    sizes.extend(model.map(|bytes| ("model", bytes)));
    sizes.push(("memory", (caches.last * 16).max(512 << 20)));
    sizes.retain(|(_, bytes)| *bytes <= half);
    sizes
}

impl Limits {
    /// Prints tables.
    ///
    /// # Errors
    /// Writing fails.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut out = console::stdout();
        writeln!(out, "{BOLD}limits of {}{BOLD:#}", self.cpu)?;
        writeln!(out, "{DIM}reading         from  threads       GB/s{DIM:#}")?;
        for Reading { from, bytes, threads, bytes_per_second } in &self.reading {
            let (bytes, speed) = (console::bytes(*bytes as u64), bytes_per_second / 1e9);
            writeln!(out, "{bytes:>8}  {from:>10}  {threads:>7}  {speed:>9.1}")?;
        }
        writeln!(out, "{DIM}arithmetic   threads  int8 Gop/s  f32 Gop/s{DIM:#}")?;
        let detected = Isa::detect()?.name();
        for row in &self.arithmetic {
            let (int8, f32) = (row.int8_operations_per_second / 1e9, row.f32_operations_per_second / 1e9);
            let mark = if row.level == detected { "runs" } else { "" };
            writeln!(out, "{:<11}  {:>7}  {int8:>10.1}  {f32:>9.1}  {DIM}{mark}{DIM:#}", row.level, row.threads)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Caches;

    #[test]
    fn any_number_of_threads_reads_and_counts() {
        for (bytes, threads) in [(1 << 16, 1), (100, 3), (0, 2)] {
            let probe = Probe::new(Kernels::detect().unwrap(), threads);
            // No machine reads a petabyte in a second: a pass that was left out would show.
            let speed = probe.read(Buffer::new(bytes).unwrap().first(bytes));
            assert!(speed > 0.0 && speed < 1e15, "{speed}");
        }
        let probe = Probe::new(Kernels::detect().unwrap(), 1);
        assert!(probe.int8() > 1e6 && probe.f32() > 1e6);
    }

    #[test]
    fn buffers_lie_in_the_caches_and_far_beyond() {
        let caches = Caches { l2: 1 << 20, last: 32 << 20 };
        assert_eq!(
            sizes(&caches, 8 << 30, Some(100_000_000), 2),
            [("L2 cache", 1 << 20), ("last cache", 16 << 20), ("model", 100_000_000), ("memory", 512 << 20)]
        );
        let one_level = Caches { l2: 4 << 20, last: 4 << 20 };
        assert_eq!(sizes(&one_level, 600 << 20, None, 2), [("L2 cache", 4 << 20)]);
    }
}
