//! Replays the corpus of the fuzz target, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/wyoming.rs"]
mod target;

#[test]
fn wyoming_events() {
    let replayed = replay_corpus("wyoming", target::wyoming);
    assert!(replayed.accepted >= 5 && replayed.refused >= 5, "{replayed:?}");
}
