//! Cutting a recording into pieces that a recogniser takes, in the pauses.

use std::ops::Range;

/// Frames of silence that end an utterance, 320 ms.
const PAUSE: usize = 10;
/// Frames kept before and after speech, 192 ms: its ends are quiet.
const MARGIN: usize = 6;
/// Utterances are joined while the piece stays below, 20 s.
const TARGET: usize = 625;
/// No piece is longer, 28 s.
const LONGEST: usize = 875;
/// A frame is speech from this probability on; within speech, from the second on.
const SPEECH: f32 = 0.5;
const STILL_SPEECH: f32 = 0.35;

/// The pieces of a recording that have speech in them, in frames, from the probability of speech of each frame. They do not
/// overlap; none is longer than [`LONGEST`].
pub fn windows(speech: &[f32]) -> Vec<Range<usize>> {
    let mut windows: Vec<Range<usize>> = Vec::new();
    for utterance in utterances(speech) {
        for piece in pieces(speech, utterance) {
            match windows.last_mut() {
                Some(last) if piece.end - last.start <= TARGET => last.end = piece.end,
                _ => windows.push(piece),
            }
        }
    }
    windows
}

/// Runs of speech with their margins; margins never reach into another's.
fn utterances(speech: &[f32]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (frame, &probability) in speech.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if frame < run.end + PAUSE && probability >= STILL_SPEECH => run.end = frame + 1,
            _ if probability >= SPEECH => runs.push(frame..frame + 1),
            _ => {}
        }
    }
    let mut free = 0;
    for index in 0..runs.len() {
        let next = runs.get(index + 1).map_or(speech.len() + MARGIN, |run| run.start);
        let run = &mut runs[index];
        *run = run.start.saturating_sub(MARGIN).max(free)..(run.end + MARGIN).min(next).min(speech.len());
        free = run.end;
    }
    runs
}

/// An utterance cut where it is least like speech, until no piece is too long.
fn pieces(speech: &[f32], mut utterance: Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    while utterance.len() > LONGEST {
        let from = utterance.start + LONGEST / 2;
        let candidates = speech[from..utterance.start + LONGEST].iter().enumerate();
        let least = candidates.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(0, |(place, _)| place);
        pieces.push(utterance.start..from + least);
        utterance.start = from + least;
    }
    pieces.push(utterance);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Probabilities of alternating silence and speech, by their lengths in frames.
    fn alternating(lengths: &[usize]) -> Vec<f32> {
        let parts = lengths.iter().enumerate().map(|(index, &length)| vec![[0.01, 0.9][index % 2]; length]);
        parts.collect::<Vec<_>>().concat()
    }

    fn ends(lengths: &[usize]) -> Vec<(usize, usize)> {
        windows(&alternating(lengths)).iter().map(|window| (window.start, window.end)).collect()
    }

    #[test]
    fn silence_has_no_windows_and_speech_has_margins() {
        assert!(windows(&[]).is_empty());
        assert!(windows(&alternating(&[1_000])).is_empty());
        assert_eq!(ends(&[100, 50, 100]), [(94, 156)]);
        assert_eq!(ends(&[2, 50, 3]), [(0, 55)]);
        assert_eq!(ends(&[20, 50, 5, 50, 20]), [(14, 131)], "a pause for breath");
    }

    #[test]
    fn utterances_are_joined_up_to_twenty_seconds() {
        assert_eq!(ends(&[50, 200, 50, 200, 50]), [(44, 506)]);
        assert_eq!(ends(&[50, 300, 50, 300, 50]), [(44, 356), (394, 706)]);
    }

    #[test]
    fn long_speech_is_cut_where_it_is_weakest() {
        let mut speech = alternating(&[0, 2_000]);
        speech[700] = 0.4;
        speech[1_400] = 0.36;
        assert_eq!(windows(&speech), [0..700, 700..1_400, 1_400..2_000]);
    }

    proptest! {
        #[test]
        fn windows_are_in_order_short_and_hold_all_speech(lengths in prop::collection::vec(0usize..1_500, 0..8)) {
            let speech = alternating(&lengths);
            let windows = windows(&speech);
            let mut end = 0;
            for window in &windows {
                prop_assert!(window.start >= end && window.end <= speech.len());
                prop_assert!(!window.is_empty() && window.len() <= LONGEST);
                end = window.end;
            }
            for (frame, probability) in speech.iter().enumerate() {
                prop_assert!(*probability < SPEECH || windows.iter().any(|window| window.contains(&frame)));
            }
        }
    }
}
