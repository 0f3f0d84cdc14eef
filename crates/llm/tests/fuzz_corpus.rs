//! Replays the corpus of the fuzz target, as it is and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/tokenizer_model.rs"]
mod target;

#[test]
fn tokenizer_models() {
    let replayed = replay_corpus("tokenizer_model", target::tokenizer_model);
    assert!(replayed.accepted >= 4 && replayed.refused > 0, "{replayed:?}");
}
