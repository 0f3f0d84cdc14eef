//! What calls cost, from what they took.

use std::time::Duration;

/// Share of the difference by which a figure that was measured to be less moves there, and one that was more: what else
/// runs on a machine only ever makes calls take longer.
const DOWN: f64 = 0.3;
const UP: f64 = 0.05;

/// What is assumed until it is measured, in calls of one row: a second row, which is often hidden behind the reading of
/// weights; each row after it; a token of a draft model.
const SECOND: f64 = 0.15;
const FURTHER: f64 = 0.27;
const DRAFT: f64 = 0.25;

/// A longer time than any that is believed, in calls of one row.
const MOST: f64 = 2.0;

/// Costs in units of a call of one row.
///
/// They decide how many tokens are guessed and nothing else: which tokens come out never depends on a clock.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// Seconds of a call of one row, once there was one.
    one: Option<f64>,
    /// What a second row adds to a call.
    second: f64,
    /// What each row after it adds.
    further: f64,
    /// What a token of the draft model takes.
    draft: f64,
}

impl Default for Costs {
    fn default() -> Self {
        Self { one: None, second: SECOND, further: FURTHER, draft: DRAFT }
    }
}

impl Costs {
    /// Takes in what a call of `rows` rows (at least one) took.
    pub fn note_call(&mut self, rows: usize, time: Duration) {
        let seconds = time.as_secs_f64();
        match (&mut self.one, rows) {
            (Some(one), 1) => approach(one, seconds),
            (one, 1) => *one = Some(seconds),
            (Some(one), 2) => approach(&mut self.second, (seconds / *one - 1.0).clamp(0.0, MOST)),
            (Some(one), _) => {
                let more = seconds / *one - 1.0 - self.second;
                approach(&mut self.further, (more / (rows - 2) as f64).clamp(0.0, MOST));
            }
            (None, _) => {}
        }
    }

    /// Takes in what a token of the draft model took.
    pub fn note_draft(&mut self, time: Duration) {
        if let Some(one) = self.one {
            approach(&mut self.draft, (time.as_secs_f64() / one).min(MOST));
        }
    }

    /// A call that verifies `guesses` guesses.
    pub fn call(&self, guesses: usize) -> f64 {
        match guesses {
            0 => 1.0,
            _ => 1.0 + self.second + self.further * (guesses - 1) as f64,
        }
    }

    /// The same with the time that the draft model takes to make them.
    pub fn drafted_call(&self, guesses: usize) -> f64 {
        self.call(guesses) + self.draft * guesses as f64
    }
}

fn approach(figure: &mut f64, measured: f64) {
    *figure += (measured - *figure) * if measured < *figure { DOWN } else { UP };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_become_what_is_measured_and_outliers_hardly_matter() {
        let mut costs = Costs::default();
        let ms = Duration::from_millis;
        costs.note_call(4, ms(1));
        assert_eq!(costs.call(1), 1.0 + SECOND, "without a call of one row nothing is known");
        for _ in 0..200 {
            costs.note_call(1, ms(10));
            costs.note_call(2, ms(12));
            costs.note_call(6, ms(32));
            costs.note_draft(ms(1));
        }
        // 0.2 for the second row, 0.5 for each of the other four.
        assert!((costs.call(0) - 1.0).abs() < 0.01 && (costs.call(1) - 1.2).abs() < 0.01, "{costs:?}");
        assert!((costs.call(4) - 2.7).abs() < 0.02 && (costs.drafted_call(4) - 3.1).abs() < 0.02, "{costs:?}");
        costs.note_call(5, ms(3000));
        assert!(costs.call(4) < 3.0, "{costs:?}");
    }
}
