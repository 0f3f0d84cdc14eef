//! What both sides say, as they say it. Whole lines go to stdout; on a terminal, a line below them shows who has the word, what
//! is being said and how loud it is.

use std::{fmt, io::Write};

use indicatif::{ProgressBar, ProgressStyle};
use sottovoce_voice::conversation::{Event, State};

use crate::console::{self, BOLD, DIM};

/// Frames between two pictures of the level, about 100 ms.
const FRAMES: u32 = 3;
const BARS: usize = 12;

/// A conversation on the screen.
pub struct Transcript {
    line: ProgressBar,
    state: State,
    level: f32,
    frames: u32,
    /// What the person says, or asked; not yet a line.
    question: String,
    /// The answer has a line.
    answered: bool,
}

impl Transcript {
    /// One in which nothing was said.
    pub fn new() -> Self {
        let line = ProgressBar::new_spinner();
        // A constant, which parses.
        let style = ProgressStyle::with_template("{wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let (state, level, frames) = (State::Listening, 0.0, 0);
        Self { line: line.with_style(style), state, level, frames, question: String::new(), answered: false }
    }

    /// Shows what happened.
    ///
    /// # Errors
    /// stdout is closed.
    pub fn show(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::State(state) => self.state = state,
            Event::Level(level) => {
                // It rises at once and falls slowly, as such meters do.
                self.level = level.max(0.8 * self.level);
                self.frames += 1;
                if !self.frames.is_multiple_of(FRAMES) {
                    return Ok(());
                }
            }
            Event::Partial(text) | Event::Final(text) => self.question = text,
            Event::Caption(words) => {
                self.ask()?;
                let who = if std::mem::replace(&mut self.answered, true) { "" } else { "assistant" };
                self.say(who, &words)?;
            }
            Event::Answered { whole, .. } => {
                self.ask()?;
                if std::mem::take(&mut self.answered) && !whole {
                    self.say("", format_args!("{DIM}(interrupted){DIM:#}"))?;
                }
            }
            Event::Failed(reason) => self.line.suspend(|| console::warn(reason)),
            Event::SpeechStarted | Event::SpeechStopped | Event::Text(_) | Event::Latency(_) => return Ok(()),
        }
        self.line.set_message(self.describe());
        Ok(())
    }

    /// Takes the line below away.
    pub fn end(&self) {
        self.line.finish_and_clear();
    }

    /// The question gets its line.
    fn ask(&mut self) -> anyhow::Result<()> {
        let question = std::mem::take(&mut self.question);
        if question.is_empty() { Ok(()) } else { self.say("you", &question) }
    }

    fn say(&self, who: &str, words: impl fmt::Display) -> anyhow::Result<()> {
        let colon = if who.is_empty() { ' ' } else { ':' };
        self.line.suspend(|| {
            let mut out = console::stdout();
            writeln!(out, "{BOLD}{who:>9}{colon}{BOLD:#} {words}").and_then(|()| out.flush())
        })?;
        Ok(())
    }

    fn describe(&self) -> String {
        let state = match self.state {
            State::Listening => "listening",
            State::Thinking => "thinking",
            State::Speaking => "speaking",
        };
        let bars = (level_in_bars(self.level)).min(BARS);
        let meter = "▮".repeat(bars) + &"▯".repeat(BARS - bars);
        format!("{state:>9}  {meter}  {}", self.question)
    }
}

/// How many bars a level has: one for 5 dB, from -60 dB of full scale up.
fn level_in_bars(level: f32) -> usize {
    let decibels = 20.0 * level.max(1e-6).log10();
    ((decibels + 60.0) / 5.0).clamp(0.0, BARS as f32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_have_bars() {
        assert_eq!([0.0, 0.0013, 0.012, 0.12, 1.0, 2.0, f32::NAN].map(level_in_bars), [0, 0, 4, 8, 12, 12, 0]);
    }
}
