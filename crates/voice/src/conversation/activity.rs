//! Speech and silence, from the probabilities of frames.

use std::time::Duration;

use super::options::frames;

/// What a frame changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Somebody began to speak; the frames of the onset are speech already.
    Began,
    /// They have been silent for the length of a pause.
    Paused,
}

/// Follows one stream. Two thresholds (hysteresis) keep a voice that falters from being cut, and lengths keep clicks from
/// being speech and stops between syllables from being silence.
#[derive(Clone, Debug)]
pub struct Activity {
    speech: f32,
    still_speech: f32,
    onset: u32,
    pause: u32,
    /// Frames of speech up to now, without a gap.
    run: u32,
    /// Frames without speech up to now.
    silence: u32,
    speaking: bool,
}

impl Activity {
    /// A stream that begins in silence. `speech` and `still_speech` are the thresholds outside and within speech, `onset` and
    /// `pause` the lengths that count.
    pub fn new(speech: f32, still_speech: f32, onset: Duration, pause: Duration) -> Self {
        let (onset, pause) = (frames(onset), frames(pause));
        Self { speech, still_speech, onset, pause, run: 0, silence: 0, speaking: false }
    }

    /// Takes the probability of the next frame.
    pub fn push(&mut self, probability: f32) -> Option<Change> {
        let threshold = if self.speaking { self.still_speech } else { self.speech };
        if probability >= threshold {
            self.run += 1;
            if self.speaking {
                self.silence = 0;
            } else if self.run >= self.onset {
                (self.speaking, self.silence) = (true, 0);
                return Some(Change::Began);
            }
            return None;
        }
        self.run = 0;
        self.silence = self.silence.saturating_add(1);
        let pauses = self.speaking && self.silence >= self.pause;
        self.speaking &= !pauses;
        pauses.then_some(Change::Paused)
    }

    /// Frames of speech up to now, without a gap; before an onset they may yet turn out to be a click.
    pub fn run(&self) -> u32 {
        self.run
    }

    /// Frames without speech up to now. Clicks do not count as speech.
    pub fn silence(&self) -> u32 {
        self.silence
    }

    /// Whether somebody speaks, or stopped a moment ago.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// Begins anew, in silence.
    pub fn reset(&mut self) {
        (self.run, self.silence, self.speaking) = (0, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(probabilities: &[f32]) -> Vec<(usize, Change)> {
        let mut activity = Activity::new(0.5, 0.35, Duration::from_millis(64), Duration::from_millis(96));
        let changed = |(frame, &probability)| Some((frame, activity.push(probability)?));
        probabilities.iter().enumerate().filter_map(changed).collect()
    }

    #[test]
    fn speech_begins_with_the_onset_and_ends_with_the_pause() {
        assert_eq!(changes(&[0.1, 0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1]), [(2, Change::Began), (6, Change::Paused)]);
    }

    #[test]
    fn a_click_is_no_speech() {
        assert_eq!(changes(&[0.9, 0.1, 0.9, 0.1, 0.9, 0.1]), []);
    }

    #[test]
    fn a_voice_that_falters_goes_on() {
        assert_eq!(changes(&[0.9, 0.9, 0.4, 0.4, 0.4, 0.4, 0.4]), [(1, Change::Began)]);
        assert_eq!(changes(&[0.4, 0.4, 0.4, 0.4]), []);
    }

    #[test]
    fn stops_between_syllables_are_no_silence() {
        assert_eq!(changes(&[0.9, 0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.9]), [(1, Change::Began)]);
    }

    #[test]
    fn a_click_in_a_silence_does_not_make_it_shorter() {
        let mut activity = Activity::new(0.5, 0.35, Duration::from_millis(64), Duration::from_millis(96));
        for probability in [0.9, 0.9, 0.1, 0.1, 0.1, 0.9, 0.1] {
            activity.push(probability);
        }
        assert_eq!((activity.silence(), activity.is_speaking()), (4, false));
    }
}
