//! Replays the corpus of the fuzz target, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/history_export.rs"]
mod target;

#[test]
fn exports() {
    let replayed = replay_corpus("history_export", target::history_export);
    assert!(replayed.accepted >= 4 && replayed.refused > 0, "{replayed:?}");
}
