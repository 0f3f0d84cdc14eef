//! The numbers behind the rules.

use std::time::Duration;

use crate::{FRAME, SAMPLE_RATE};

/// What begins and ends a person's turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Speech begins a turn, and silence ends it.
    #[default]
    HandsFree,
    /// A button begins and ends it; speech alone does nothing.
    PushToTalk,
}

/// How a conversation goes. Times are rounded to whole frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// What begins and ends a turn.
    pub mode: Mode,
    /// A frame is speech from this probability on.
    pub speech: f32,
    /// Within speech, a frame still is from this probability on.
    pub still_speech: f32,
    /// So much speech in a row is a beginning; less is a click.
    pub onset: Duration,
    /// Speech that is shorter is nobody's turn; speech that is as long makes an answer silent.
    pub shortest_speech: Duration,
    /// Speech over an answer that is as long ends it, whatever the words are.
    pub longest_remark: Duration,
    /// What is kept from before the beginning, which is often unvoiced.
    pub pre_roll: Duration,
    /// A silence that is as long may be the end: what was said is transcribed and answered in secret.
    pub pause: Duration,
    /// A silence that is as long is the end, whatever the model of turns thinks.
    pub longest_pause: Duration,
    /// A turn is complete from this probability on.
    pub complete: f32,
    /// What was said so far is transcribed anew when so much has come to it.
    pub partial: Duration,
    /// A turn that is longer is transcribed in parts, because recognisers take no more.
    pub longest_turn: Duration,
    /// Only turns that begin with these words are answered, and those that follow an answer soon.
    pub wake_phrase: Option<String>,
    /// How soon that is.
    pub follow_up: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::HandsFree,
            speech: 0.5,
            still_speech: 0.35,
            onset: Duration::from_millis(64),
            shortest_speech: Duration::from_millis(160),
            longest_remark: Duration::from_millis(800),
            pre_roll: Duration::from_millis(320),
            pause: Duration::from_millis(192),
            longest_pause: Duration::from_millis(1500),
            complete: 0.5,
            partial: Duration::from_millis(800),
            longest_turn: Duration::from_secs(30),
            wake_phrase: None,
            follow_up: Duration::from_secs(8),
        }
    }
}

/// Whole frames in `time`, at least one.
pub(super) fn frames(time: Duration) -> u32 {
    let frame = FRAME as f64 / f64::from(SAMPLE_RATE);
    (time.as_secs_f64() / frame).round().max(1.0) as u32
}

/// Samples in the whole frames of `time`.
pub(super) fn samples(time: Duration) -> usize {
    frames(time) as usize * FRAME
}
