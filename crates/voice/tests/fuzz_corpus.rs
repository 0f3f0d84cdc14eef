//! Replays the corpus of the fuzz target of WAV files, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/wav.rs"]
mod target;

#[test]
fn sound_files() {
    let replayed = replay_corpus("wav", target::wav);
    assert!(replayed.accepted >= 10 && replayed.refused >= 6, "{replayed:?}");
}
