//! A conversation that goes on for long: memory and sound over time.

use std::{
    io::Write,
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde::Serialize;

use super::Measured;
use crate::{
    console::{self, DIM},
    machine,
};

/// The parts of the time after each of which the state is told.
const PARTS: u32 = 10;
/// Parts in which the model's context fills and everything has been needed once.
const WARM_UP: u32 = 3;
/// How much larger memory may be at the end than after those.
const MOST_GROWTH: f64 = 0.05;

/// A time such as `90s`, `10m` or `1h`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number with its unit, such as 90s, 10m or 1h".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        _ => return Err(wrong()),
    };
    let number = text[..text.len() - unit.len_utf8()].parse::<f64>().map_err(|_| wrong())?;
    let time = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if time.is_zero() { Err(wrong()) } else { Ok(time) }
}

/// How far a long conversation is.
pub struct LongRun {
    start: Instant,
    duration: Duration,
    told: Vec<Moment>,
}

/// How it was at a moment.
#[derive(Clone, Copy, Serialize)]
pub struct Moment {
    /// Seconds from the beginning.
    pub time: f64,
    pub turns: usize,
    /// Bytes of this process.
    pub memory: u64,
    pub underruns: usize,
}

impl LongRun {
    /// Begins one of this length, and tells how it is.
    ///
    /// # Errors
    /// The system does not tell how much memory there is, or standard output is gone.
    pub fn begin(duration: Duration) -> anyhow::Result<Self> {
        let header = format!("{:>9}{:>8}{:>12}{:>11}", "time", "turns", "memory", "underruns");
        writeln!(console::stdout(), "{DIM}{header}{DIM:#}")?;
        let mut run = Self { start: Instant::now(), duration, told: Vec::new() };
        run.tell(0, 0)?;
        Ok(run)
    }

    /// Tells how it is where another part is over. Whether it goes on.
    ///
    /// # Errors
    /// As [`LongRun::begin`].
    pub fn goes_on(&mut self, measured: &Measured, underruns: usize) -> anyhow::Result<bool> {
        let part = self.duration / PARTS * self.told.len() as u32;
        if self.start.elapsed() >= part {
            self.tell(measured.turns, underruns)?;
        }
        Ok(self.told.len() <= PARTS as usize)
    }

    fn tell(&mut self, turns: usize, underruns: usize) -> anyhow::Result<()> {
        let moment =
            Moment { time: self.start.elapsed().as_secs_f64(), turns, memory: machine::process_memory()?, underruns };
        let time = console::duration(Duration::from_secs(moment.time as u64));
        writeln!(console::stdout(), "{time:>9}{turns:>8}{:>12}{underruns:>11}", console::bytes(moment.memory))?;
        self.told.push(moment);
        Ok(())
    }

    /// How it was all along.
    ///
    /// # Errors
    /// Memory grew.
    pub fn end(self) -> anyhow::Result<Vec<Moment>> {
        let (warm, last) = (self.told[WARM_UP as usize].memory as f64, self.told[PARTS as usize].memory as f64);
        let growth = last / warm - 1.0;
        let percent = growth * 100.0;
        writeln!(console::stdout(), "memory grew by {percent:.1} % after the first three tenths")?;
        ensure!(growth <= MOST_GROWTH, "memory grew by {percent:.1} %, more than {:.0} %", MOST_GROWTH * 100.0);
        Ok(self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h"), Ok(Duration::from_secs(3600)));
        for wrong in ["", "h", "10", "0s", "-1m", "1d", "infh", "1é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
