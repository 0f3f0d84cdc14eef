//! Replays the corpus of the fuzz target, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/gguf.rs"]
mod target;

#[test]
fn gguf_files() {
    let replayed = replay_corpus("gguf", target::gguf);
    assert!(replayed.accepted >= 7 && replayed.refused > 0, "{replayed:?}");
}
