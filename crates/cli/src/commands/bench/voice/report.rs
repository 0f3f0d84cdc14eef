//! What was measured, and how it is told.

use std::{io::Write, time::Duration};

use serde::Serialize;
use sottovoce_voice::conversation::Latency;

use super::{super::statistics::Percentiles, Measured};
use crate::console::{self, BOLD, DIM};

/// What was measured: percentiles in seconds.
#[derive(Serialize)]
pub struct Report {
    turns: usize,
    /// Turns that were not understood, or not answered.
    unanswered: usize,
    endpointing: Percentiles,
    transcript: Percentiles,
    first_token: Percentiles,
    first_clause: Percentiles,
    speech: Percentiles,
    total: Percentiles,
    /// `None` where nothing was interrupted.
    barge_in: Option<Percentiles>,
    interruptions: usize,
    /// Interruptions that did not make the answer silent.
    ignored_interruptions: usize,
    underruns: usize,
    /// Turns without a pause in the middle that were answered before they were over.
    cut_short: usize,
    pauses: Vec<Pauses>,
}

/// Turns with pauses of one length in the middle.
#[derive(Default, Serialize)]
pub struct Pauses {
    /// In seconds.
    pub length: f64,
    pub turns: usize,
    /// Taken for over in a pause, and taken back.
    pub taken_back: usize,
    /// Answered before they were over.
    pub cut_short: usize,
}

/// The stages of a turn, which began when the one before ended: their names, and when they ended.
pub fn stages(latency: &Latency, pause: Duration) -> [(&'static str, Duration, Duration); 4] {
    let Latency { transcript, first_text, first_clause, first_sound, .. } = *latency;
    [
        ("transcript", pause, transcript),
        ("first token", transcript, first_text),
        ("first clause", first_text, first_clause),
        ("speech", first_clause, first_sound),
    ]
}

impl Report {
    /// Of the turns that were answered, at least one; guesses were made after a silence of `pause`.
    pub fn new(measured: &Measured, pause: Duration, underruns: usize, pauses: Vec<Pauses>) -> Self {
        let latencies = &measured.latencies;
        let of = |time: &dyn Fn(&Latency) -> Duration| {
            let times = latencies.iter().map(|latency| time(latency).as_secs_f64()).collect();
            Percentiles::of(times).unwrap_or_else(|| unreachable!("there is a turn"))
        };
        let stage = |number: usize| {
            of(&|latency| {
                let (_, begin, end) = stages(latency, pause)[number];
                end.saturating_sub(begin)
            })
        };
        Self {
            turns: measured.turns,
            unanswered: measured.turns - measured.cut_short - latencies.len(),
            endpointing: of(&|latency| latency.endpointing),
            transcript: stage(0),
            first_token: stage(1),
            first_clause: stage(2),
            speech: stage(3),
            total: of(&|latency| latency.first_audio),
            barge_in: Percentiles::of(measured.silences.clone()),
            interruptions: measured.silences.len() + measured.ignored,
            ignored_interruptions: measured.ignored,
            underruns,
            cut_short: measured.cut_short,
            pauses,
        }
    }

    /// Prints the table.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn print(&self) -> anyhow::Result<()> {
        let mut out = console::stdout();
        writeln!(out, "{DIM}{:<14}{:>9}{:>9}{:>9}{DIM:#}", "milliseconds", "p50", "p90", "p95")?;
        let rows = [
            ("endpointing", Some(&self.endpointing)),
            ("transcript", Some(&self.transcript)),
            ("first token", Some(&self.first_token)),
            ("first clause", Some(&self.first_clause)),
            ("speech", Some(&self.speech)),
            ("total", Some(&self.total)),
            ("barge-in", self.barge_in.as_ref()),
        ];
        for (name, percentiles) in rows {
            let Some(Percentiles { p50, p90, p95 }) = percentiles else { continue };
            let [p50, p90, p95] = [p50, p90, p95].map(|seconds| format!("{:.0}", seconds * 1e3));
            let style = if name == "total" { BOLD } else { anstyle::Style::new() };
            writeln!(out, "{style}{name:<14}{p50:>9}{p90:>9}{p95:>9}{style:#}")?;
        }
        let Self { turns, unanswered, cut_short, interruptions, ignored_interruptions, underruns, .. } = self;
        writeln!(
            out,
            "{turns} turns, {unanswered} not answered, {cut_short} cut short; {interruptions} interruptions, \
             {ignored_interruptions} ignored; {underruns} underruns"
        )?;
        for Pauses { length, turns, taken_back, cut_short } in &self.pauses {
            let length = length * 1e3;
            writeln!(
                out,
                "with pauses of {length:.0} ms in the middle: {turns} turns, {cut_short} cut short, {taken_back} taken \
                 for over and taken back"
            )?;
        }
        Ok(())
    }
}
