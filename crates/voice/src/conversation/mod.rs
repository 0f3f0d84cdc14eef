//! A spoken conversation: who speaks when, and what was said.
//!
//! [`Machine`] has all the rules and does nothing itself: it takes what happened ([`Input`]) with the time at which it did,
//! and gives out what to do and to tell ([`Output`]). It has no clock, thread or device, so every rule of timing is tested
//! on written timelines (`timelines/`). [`Activity`] finds speech in the frames, [`Answer`] knows which part of an answer
//! has been heard. [`Driver`] runs it with real parts, and with a [`Thinker`].
//!
//! A turn: somebody speaks; a short silence makes a guess, which is transcribed and answered in secret; if they go on, the
//! guess is taken back, and if they have finished it is what they get, at once. While an answer is played, a voice makes it
//! quieter, then silent; an "uh-huh" or a cough lets it go on, and anything else ends it where it was.

mod activity;
mod answer;
mod driver;
mod machine;
mod messages;
mod options;
mod overlap;
mod phrases;
mod thinker;

#[cfg(test)]
mod tests;

pub use activity::{Activity, Change};
pub use answer::Answer;
pub use driver::{Driver, Parts};
pub use machine::Machine;
pub use messages::{Event, Input, Latency, Outcome, Output, Playback, State, Task, User, Work};
pub use options::{Mode, Options};
pub use overlap::Overlap;
pub use phrases::{is_intelligible, is_remark};
pub use thinker::{Thinker, ThinkingFailed};

/// What is said where nothing intelligible was heard.
pub const NOT_UNDERSTOOD: &str = "I'm sorry, I didn't catch that.";
