//! What the measurement found.

use std::fmt;

use anyhow::Context;
use serde::Serialize;
use sottovoce_llm::generate::Stats;

use crate::{
    commands::bench::statistics::Summary,
    console::{BOLD, DIM},
};

/// The JSON form, and with `Display` the tables.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The package that was measured.
    pub package: String,
    /// Rows of a call, and the seconds it takes.
    pub rows: Vec<(usize, f64)>,
    /// Figures by kind of prompt.
    pub sets: Vec<SetReport>,
}

/// Both answers to every prompt of a kind, in one repeat.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    tokens: usize,
    plain_seconds: f64,
    speculative_seconds: f64,
    guessed: usize,
    accepted: usize,
}

impl Sample {
    /// Adds the answers to a prompt. The first token belongs to the prompt's time.
    pub fn add(&mut self, plain: &Stats, speculative: &Stats) {
        self.tokens += plain.generated_tokens.saturating_sub(1);
        self.plain_seconds += plain.decode.as_secs_f64();
        self.speculative_seconds += speculative.decode.as_secs_f64();
        self.guessed += speculative.guessed_tokens;
        self.accepted += speculative.accepted_tokens;
    }
}

/// Figures of prompts of a kind.
#[derive(Debug, Serialize)]
pub struct SetReport {
    set: &'static str,
    prompts: usize,
    /// Tokens of all answers but the first of each.
    tokens: usize,
    /// Tokens a second.
    plain: Summary,
    /// Tokens a second.
    speculative: Summary,
    ratio: Summary,
    /// Tokens guessed and computed in a repeat, and how many of them were right; means over the repeats.
    guessed: f64,
    accepted: f64,
}

impl SetReport {
    /// Of some repeats.
    ///
    /// # Errors
    /// There are none, or no answer has a second token.
    pub fn of(set: &'static str, prompts: usize, samples: &[Sample]) -> anyhow::Result<Self> {
        let summary = |figure: &dyn Fn(&Sample) -> f64| Summary::of(samples.iter().map(figure)).context("no repeats");
        let mean =
            |figure: &dyn Fn(&Sample) -> usize| samples.iter().map(figure).sum::<usize>() as f64 / samples.len() as f64;
        let tokens = samples.first().context("no repeats")?.tokens;
        anyhow::ensure!(tokens > 0, "the model ends every answer at once: there is nothing to measure");
        Ok(Self {
            set,
            prompts,
            tokens,
            plain: summary(&|sample| sample.tokens as f64 / sample.plain_seconds)?,
            speculative: summary(&|sample| sample.tokens as f64 / sample.speculative_seconds)?,
            ratio: summary(&|sample| sample.plain_seconds / sample.speculative_seconds)?,
            guessed: mean(&|sample| sample.guessed),
            accepted: mean(&|sample| sample.accepted),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BOLD}{}{BOLD:#}", self.package)?;
        let heading = format!(
            "{:<10} {:>7} {:>7} {:>10} {:>12} {:>7} {:>15} {:>9} {:>7}",
            "prompts", "answers", "tokens", "plain/s", "guessing/s", "ratio", "", "guessed", "right"
        );
        writeln!(f, "{DIM}{heading}{DIM:#}")?;
        for set in &self.sets {
            let range = format!("{:.2} to {:.2}", set.ratio.lowest, set.ratio.highest);
            writeln!(
                f,
                "{:<10} {:>7} {:>7} {:>10.1} {:>12.1} {:>6.2}× {:>15} {:>9.0} {:>7.0}",
                set.set,
                set.prompts,
                set.tokens,
                set.plain.median,
                set.speculative.median,
                set.ratio.median,
                range,
                set.guessed,
                set.accepted
            )?;
        }
        let one = self.rows.first().map_or(0.0, |(_, seconds)| *seconds);
        for (rows, seconds) in &self.rows {
            writeln!(f, "a call of {rows} rows takes {:.2} ms, {:.2} times one row", seconds * 1e3, seconds / one)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ratios_are_of_the_same_repeat() {
        let stats = |ms, guessed_tokens| Stats {
            generated_tokens: 11,
            decode: Duration::from_millis(ms),
            guessed_tokens,
            accepted_tokens: guessed_tokens / 2,
            ..Stats::default()
        };
        let sample = |plain, speculative, guessed| {
            let mut sample = Sample::default();
            sample.add(&stats(plain, 0), &stats(speculative, guessed));
            sample
        };
        let report =
            SetReport::of("edits", 1, &[sample(100, 50, 4), sample(400, 100, 8), sample(300, 100, 6)]).unwrap();
        assert_eq!((report.tokens, report.guessed, report.accepted), (10, 6.0, 3.0));
        let ratios = [report.ratio.lowest, report.ratio.median, report.ratio.highest];
        assert!(
            ratios.iter().zip([2.0, 3.0, 4.0]).all(|(found, expected)| (found - expected).abs() < 1e-9),
            "{ratios:?}"
        );
        assert!((report.plain.median - 10.0 / 0.3).abs() < 1e-9);
        assert!(SetReport::of("edits", 1, &[]).is_err() && SetReport::of("edits", 1, &[Sample::default()]).is_err());
    }
}
