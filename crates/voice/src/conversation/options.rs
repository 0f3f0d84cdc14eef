//! The numbers behind the rules.

use std::time::Duration;

use super::phrases;
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
    /// Speech that is shorter is nobody's turn.
    pub shortest_speech: Duration,
    /// Speech over an answer that is as long ends it, whatever the words are.
    pub longest_remark: Duration,
    /// What is kept from before the beginning, which is often unvoiced.
    pub pre_roll: Duration,
    /// A silence that is as long may be the end: what was said is transcribed and answered in secret.
    pub pause: Duration,
    /// So much silence is the end where the words are no whole sentence, though the voice sounds complete.
    pub unfinished_pause: Duration,
    /// So much silence is the end where the words are a whole sentence, whatever the model of turns thinks.
    pub sentence_pause: Duration,
    /// A silence that is as long is the end in any case.
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
            unfinished_pause: Duration::from_millis(704),
            sentence_pause: Duration::from_millis(736),
            longest_pause: Duration::from_millis(1500),
            complete: 0.8,
            partial: Duration::from_millis(800),
            longest_turn: Duration::from_secs(30),
            wake_phrase: None,
            follow_up: Duration::from_secs(8),
        }
    }
}

impl Options {
    /// How much silence ends a turn that is complete with this probability, by its sound, and has these words; `None` are not
    /// known yet.
    ///
    /// The less complete it sounds, the longer: from [`Options::complete`] down to 0, from the shortest pause to the longest.
    /// The model of turns is asked once, in the first pause, as it was trained to be: the longer the silence that it hears,
    /// the likelier it finds any turn complete, cut ones too.
    pub fn silence_that_ends(&self, complete: Option<f32>, words: Option<&str>) -> Duration {
        let Some(complete) = complete else { return self.longest_pause };
        let (shortest, longest) = match words.is_some_and(phrases::ends_a_sentence) {
            true => (self.pause, self.sentence_pause),
            false => (self.unfinished_pause, self.longest_pause),
        };
        let doubt = (1.0 - complete / self.complete).clamp(0.0, 1.0);
        let silence = shortest + longest.saturating_sub(shortest).mul_f32(doubt);
        silence.min(self.longest_pause)
    }

    /// Whether so many frames of silence are [enough](Options::silence_that_ends).
    pub fn is_over(&self, silence: u32, complete: Option<f32>, words: Option<&str>) -> bool {
        silence >= frames(self.silence_that_ends(complete, words))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_complete_a_turn_is_the_longer_it_is_waited_for() {
        let options = Options::default();
        let silence = |complete, words| frames(options.silence_that_ends(complete, words));
        assert_eq!(silence(Some(0.9), Some("What is the capital of Japan?")), 6);
        assert_eq!(silence(Some(0.8), Some("Ten of clubs.")), 6);
        assert_eq!(silence(Some(0.4), Some("Ten of clubs.")), 15);
        assert_eq!(silence(Some(0.0), Some("Ten of clubs.")), 23);
        assert_eq!(silence(Some(0.9), Some("Eight of spades,")), 22);
        assert_eq!(silence(Some(0.9), None), 22, "the words are not there yet");
        assert_eq!(silence(Some(0.4), Some("Go somewhere and")), 34);
        assert_eq!(silence(Some(0.0), Some("Go somewhere and")), 47);
        assert_eq!(silence(None, Some("Ten of clubs.")), 47, "nobody has judged");
        let hasty = Options { longest_pause: Duration::from_millis(400), ..Options::default() };
        assert_eq!(frames(hasty.silence_that_ends(Some(0.9), Some("Eight of spades,"))), 13, "never longer than that");
    }
}
