//! Replays the corpora of the fuzz targets, as they are and with random changes.

use sottovoce_testkit::replay_corpus;

#[path = "../../../fuzz/src/tokenizer_model.rs"]
mod tokenizer_model;
#[path = "../../../fuzz/src/tool_calls.rs"]
mod tool_calls;

#[test]
fn tokenizer_models() {
    let replayed = replay_corpus("tokenizer_model", tokenizer_model::tokenizer_model);
    assert!(replayed.accepted >= 4 && replayed.refused > 0, "{replayed:?}");
}

#[test]
fn calls_of_tools() {
    let replayed = replay_corpus("tool_calls", tool_calls::tool_calls);
    assert!(replayed.accepted >= 7 && replayed.refused > 0, "{replayed:?}");
}
