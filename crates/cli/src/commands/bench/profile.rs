//! `--profile`: what the steps of a call cost, each kind against its limit.

use std::io::Write;

use serde::Serialize;
use sottovoce_runtime::StepCost;

use super::{report::percent, subject::ProfiledCall};
use crate::console::{self, BOLD, DIM};

/// What limits steps with a number of threads.
#[derive(Clone, Copy, Debug)]
pub struct Roofline {
    /// Bytes a second from a buffer as large as what a token reads.
    pub read: f64,
    /// Operations a second on bytes.
    pub int8: f64,
    /// Operations a second on f32.
    pub f32: f64,
}

/// Prefill or decoding.
#[derive(Debug, Serialize)]
pub struct CallProfile {
    phase: &'static str,
    threads: usize,
    depth: usize,
    tokens: usize,
    /// All of it, with what happens outside of steps: masks, rotary tables, copies of logits.
    seconds: f64,
    kinds: Vec<KindProfile>,
}

#[derive(Debug, Serialize)]
struct KindProfile {
    kind: String,
    steps: usize,
    seconds: f64,
    bytes: u64,
    integer_operations: u64,
    float_operations: u64,
    /// What of the time the work would take at the limits.
    limit_fraction: f64,
}

impl CallProfile {
    /// Of a call with so many threads, at a depth, of so many tokens.
    pub fn new(
        phase: &'static str,
        (threads, depth, tokens): (usize, usize, usize),
        call: &ProfiledCall,
        roofline: &Roofline,
    ) -> Self {
        let seconds = call.seconds;
        let kinds = call.steps.kinds.iter().map(|cost| KindProfile::new(cost, roofline)).collect();
        Self { phase, threads, depth, tokens, seconds, kinds }
    }

    /// Prints a table, the costliest kind first.
    ///
    /// # Errors
    /// Writing fails.
    pub fn print(&self) -> anyhow::Result<()> {
        let Self { phase, threads, depth, tokens, seconds, kinds } = self;
        let mut out = console::stdout();
        writeln!(
            out,
            "{BOLD}{phase} of {tokens} tokens{BOLD:#} at depth {depth} with {threads} threads, step by step"
        )?;
        writeln!(
            out,
            "{DIM}{:<24} {:>6} {:>9} {:>6} {:>9} {:>8} {:>9} {:>9}{DIM:#}",
            "kind", "steps", "ms", "time", "MB", "GB/s", "Gop/s", "of limit"
        )?;
        let mut sorted: Vec<&KindProfile> = kinds.iter().collect();
        sorted.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
        for kind in sorted {
            let operations = (kind.integer_operations + kind.float_operations) as f64;
            writeln!(
                out,
                "{:<24} {:>6} {:>9.3} {:>6} {:>9.2} {:>8.1} {:>9.1} {:>9}",
                kind.kind,
                kind.steps,
                kind.seconds * 1e3,
                percent(kind.seconds / seconds),
                kind.bytes as f64 / 1e6,
                kind.bytes as f64 / kind.seconds / 1e9,
                operations / kind.seconds / 1e9,
                percent(kind.limit_fraction)
            )?;
        }
        let rest = seconds - kinds.iter().map(|kind| kind.seconds).sum::<f64>();
        writeln!(out, "{:<24} {:>6} {:>9.3} {:>6}", "outside of steps", "", rest * 1e3, percent(rest / seconds))?;
        Ok(())
    }
}

impl KindProfile {
    fn new(cost: &StepCost, roofline: &Roofline) -> Self {
        let seconds = cost.time.as_secs_f64();
        let work = cost.work;
        let reading = work.bytes as f64 / roofline.read;
        let computing = work.integer_operations as f64 / roofline.int8 + work.float_operations as f64 / roofline.f32;
        Self {
            kind: cost.kind.clone(),
            steps: cost.steps,
            seconds,
            bytes: work.bytes,
            integer_operations: work.integer_operations,
            float_operations: work.float_operations,
            limit_fraction: reading.max(computing) / seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sottovoce_runtime::Work;

    use super::*;

    #[test]
    fn the_slower_of_reading_and_computing_is_the_limit() {
        let roofline = Roofline { read: 100.0, int8: 50.0, f32: 10.0 };
        let fraction = |bytes, integer_operations, float_operations| {
            let work = Work { bytes, integer_operations, float_operations };
            let cost = StepCost { kind: "linear".to_owned(), steps: 1, time: Duration::from_secs(2), work };
            KindProfile::new(&cost, &roofline).limit_fraction
        };
        assert_eq!(fraction(100, 0, 0), 0.5);
        assert_eq!(fraction(100, 75, 0), 0.75);
        assert_eq!(fraction(0, 50, 10), 1.0);
    }
}
