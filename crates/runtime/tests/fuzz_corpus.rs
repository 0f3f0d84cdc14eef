//! Replays the corpus of the fuzz target, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/packed_cache.rs"]
mod target;

#[test]
fn packed_caches() {
    let replayed = replay_corpus("packed_cache", target::packed_cache);
    assert!(replayed.accepted >= 4 && replayed.refused > 0, "{replayed:?}");
}
