//! What was measured, as a table and as JSON.

use std::io::Write;

use serde::Serialize;
use sottovoce_runtime::Work;

use super::{
    against::{PeerReport, PeerSpeed},
    limits::Limits,
    profile::CallProfile,
    statistics::Summary,
};
use crate::console::{self, BOLD, DIM};

/// Everything; the last line of the JSON form.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// The model, unless only the machine was measured.
    #[serde(flatten)]
    pub model: Option<ModelReport>,
    /// What the machine can do at most, with `--limits`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
}

/// How fast a model is.
#[derive(Debug, Serialize)]
pub struct ModelReport {
    /// Its file name.
    pub package: String,
    /// Instruction set of the kernels.
    pub level: &'static str,
    /// Positions that it can hold.
    pub context: usize,
    /// Length of the prompts.
    pub prompt_tokens: usize,
    /// How many are decoded.
    pub decode_tokens: usize,
    /// Repeats that count.
    pub repeats: usize,
    /// Seconds to load it.
    pub load_seconds: LoadSeconds,
    /// After loading and one repeat; only Linux tells.
    pub peak_memory_bytes: Option<u64>,
    /// Median of the first of `speeds`.
    pub prefill_tokens_per_second: f64,
    /// The same.
    pub decode_tokens_per_second: f64,
    /// By number of threads and depth.
    pub speeds: Vec<Speed>,
    /// The other engine, with `--against`.
    #[serde(flatten)]
    pub peer: Option<PeerReport>,
    /// What steps cost, with `--profile`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub profile: Vec<CallProfile>,
}

/// Seconds to load a package.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LoadSeconds {
    /// By this process, whatever of the files was in memory.
    pub first: f64,
    /// When the files are in memory.
    pub warm: Summary,
}

/// Speed with a number of threads at a depth.
#[derive(Debug, Serialize)]
pub struct Speed {
    /// Threads.
    pub threads: usize,
    /// Positions before the first token that is measured.
    pub depth: usize,
    /// Tokens a second of a prompt.
    pub prefill: Summary,
    /// Tokens a second one after the other.
    pub decode: Summary,
    /// What must be read and computed; nothing is known on the reference back end.
    #[serde(flatten)]
    pub limit: Option<Share>,
    /// The other engine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<PeerSpeed>,
}

/// What a speed is of its limit.
#[derive(Debug, Serialize)]
pub struct Share {
    /// Bytes of weights and caches that a decoded token reads on average.
    pub bytes_per_token: f64,
    /// How fast as many bytes can be read with these threads.
    pub read_bytes_per_second: Summary,
    /// What of that decoding reaches.
    pub bandwidth_fraction: Summary,
    /// Operations on integers for a prompt.
    pub prefill_integer_operations: u64,
    /// The same on floats.
    pub prefill_float_operations: u64,
    /// Operations a second on bytes at most with these threads.
    pub int8_operations_per_second: Summary,
    /// The share of a prompt's time that its integer operations would take at that speed.
    pub int8_fraction: Summary,
    /// Operations a second on f32 at most with these threads.
    pub f32_operations_per_second: Summary,
    /// The share of a prompt's time that its float operations would take at that speed.
    pub f32_fraction: Summary,
}

/// What one repeat gave.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Tokens a second.
    pub prefill: f64,
    /// Tokens a second.
    pub decode: f64,
    /// Bytes a second that can be read.
    pub read: f64,
    /// Operations a second on bytes.
    pub int8: f64,
    /// Operations a second on f32.
    pub f32: f64,
}

impl Share {
    /// Of the speeds in `samples`, given how many tokens a prompt has and decoding gives, and the work of each.
    pub fn of(samples: &[Sample], (prompt, prefill): (usize, Work), (decode, decoding): (usize, Work)) -> Option<Self> {
        let bytes_per_token = decoding.bytes as f64 / decode as f64;
        let prompts = |sample: &Sample| sample.prefill / prompt as f64;
        let (integers, floats) = (prefill.integer_operations as f64, prefill.float_operations as f64);
        let of = |figure: &dyn Fn(&Sample) -> f64| Summary::of(samples.iter().map(figure));
        Some(Self {
            bytes_per_token,
            read_bytes_per_second: of(&|sample| sample.read)?,
            bandwidth_fraction: of(&|sample| sample.decode * bytes_per_token / sample.read)?,
            prefill_integer_operations: prefill.integer_operations,
            prefill_float_operations: prefill.float_operations,
            int8_operations_per_second: of(&|sample| sample.int8)?,
            int8_fraction: of(&|sample| prompts(sample) * integers / sample.int8)?,
            f32_operations_per_second: of(&|sample| sample.f32)?,
            f32_fraction: of(&|sample| prompts(sample) * floats / sample.f32)?,
        })
    }

    /// What bounds prefill: arithmetic on bytes, or on f32 where the weights are no integers.
    fn arithmetic(&self) -> String {
        match self.prefill_integer_operations {
            0 => format!("{} f32", percent(self.f32_fraction.median)),
            _ => format!("{} int8", percent(self.int8_fraction.median)),
        }
    }
}

impl Report {
    /// Prints tables, and the JSON form if `json`.
    ///
    /// # Errors
    /// Writing fails.
    pub fn print(&self, json: bool) -> anyhow::Result<()> {
        if let Some(model) = &self.model {
            model.print()?;
        }
        if let Some(limits) = &self.limits {
            limits.print()?;
        }
        if json {
            writeln!(console::stdout(), "{}", serde_json::to_string(self)?)?;
        }
        Ok(())
    }
}

impl ModelReport {
    fn print(&self) -> anyhow::Result<()> {
        let mut out = console::stdout();
        let Self { package, level, context, prompt_tokens, decode_tokens, repeats, .. } = self;
        writeln!(out, "{BOLD}{package}{BOLD:#}, {level}, context {context}")?;
        let (prefill, decode) = (format!("prefill {prompt_tokens}"), format!("decode {decode_tokens}"));
        writeln!(
            out,
            "{DIM}threads  depth  {prefill:>13}  {:^20}   of limit  {decode:>13}  {:^18}  of reading{DIM:#}",
            "tokens/s", "tokens/s"
        )?;
        for speed in &self.speeds {
            let Speed { threads, depth, prefill, decode, .. } = speed;
            let shares =
                speed.limit.as_ref().map(|limit| (limit.arithmetic(), percent(limit.bandwidth_fraction.median)));
            let (arithmetic, reading) = shares.unwrap_or_default();
            writeln!(
                out,
                "{threads:>7}  {depth:>5}  {:>13.1}  {DIM}{:^20}{DIM:#}  {arithmetic:>9}  {:>13.1}  {DIM}{:^18}{DIM:#}  {reading:>10}",
                prefill.median,
                range(prefill),
                decode.median,
                range(decode)
            )?;
        }
        for Speed { threads, depth, limit, .. } in &self.speeds {
            let Some(limit) = limit else { continue };
            let (bytes, read) =
                (console::bytes(limit.bytes_per_token as u64), limit.read_bytes_per_second.median / 1e9);
            let (int8, f32) =
                (limit.int8_operations_per_second.median / 1e9, limit.f32_operations_per_second.median / 1e9);
            writeln!(
                out,
                "{DIM}limits with {threads} threads at depth {depth}: a token reads {bytes}, so much is read at {read:.1} \
                 GB/s; int8 {int8:.0} Gop/s, f32 {f32:.0} Gop/s{DIM:#}"
            )?;
        }
        let LoadSeconds { first, warm } = self.load_seconds;
        write!(out, "loaded in {first:.2} s, again from memory in {:.2} s", warm.median)?;
        if let Some(peak) = self.peak_memory_bytes {
            write!(out, "; peak memory {}", console::bytes(peak))?;
        }
        writeln!(out, "; {DIM}medians of {repeats}, lowest to highest{DIM:#}")?;
        if let Some(peer) = &self.peer {
            peer.print(&self.speeds)?;
        }
        self.profile.iter().try_for_each(CallProfile::print)
    }
}

/// The lowest and the highest.
pub fn range(summary: &Summary) -> String {
    format!("{:.1} to {:.1}", summary.lowest, summary.highest)
}

/// A share.
pub fn percent(fraction: f64) -> String {
    format!("{:.0} %", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_limit_of_the_same_repeat() {
        let sample = |decode: f64, read: f64| Sample { prefill: 10.0, decode, read, int8: 100.0, f32: 10.0 };
        let samples = [sample(1.0, 40.0), sample(2.0, 40.0), sample(1.0, 10.0)];
        let prefill = Work { bytes: 0, integer_operations: 40, float_operations: 3 };
        let decoding = Work { bytes: 40, ..Work::default() };
        let share = Share::of(&samples, (8, prefill), (4, decoding)).unwrap();
        assert_eq!(share.bytes_per_token, 10.0);
        let Summary { median, lowest, highest } = share.bandwidth_fraction;
        assert_eq!((lowest, median, highest), (0.25, 0.5, 1.0));
        assert_eq!((share.int8_fraction.median, share.f32_fraction.median), (0.5, 0.375));
        assert!(Share::of(&[], (8, prefill), (4, decoding)).is_none());
    }
}
