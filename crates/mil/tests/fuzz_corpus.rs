//! Replays the corpus of the fuzz targets, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

#[test]
fn models() {
    let replayed = replay_corpus("model", targets::model);
    assert!(replayed.accepted > 0 && replayed.refused > 0, "{replayed:?}");
}

#[test]
fn weight_files() {
    let replayed = replay_corpus("weights", targets::weights);
    assert!(replayed.accepted > 0 && replayed.refused > 0, "{replayed:?}");
}

#[test]
fn manifests() {
    let replayed = replay_corpus("manifest", targets::manifest);
    assert!(replayed.accepted > 0 && replayed.refused > 0, "{replayed:?}");
}

#[test]
fn texts() {
    let replayed = replay_corpus("text", targets::text);
    assert!(replayed.accepted > 0 && replayed.refused > 0, "{replayed:?}");
}
