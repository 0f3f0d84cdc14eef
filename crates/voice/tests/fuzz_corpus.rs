//! Replays the corpus of the fuzz target of WAV files, as it is and with random changes.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};

#[path = "../../../fuzz/src/wav.rs"]
mod target;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/wav");
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn seeds_are_accepted_and_refused() {
    let corpus = corpus();
    let accepted = corpus.iter().filter(|data| target::wav(data)).count();
    assert!(accepted >= 10 && corpus.len() >= accepted + 6, "{accepted} of {} were accepted", corpus.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_seeds_never_panic(file in any::<Index>(), edits in vec((any::<Index>(), any::<u8>(), 0..3), 1..6)) {
        let mut data = file.get(&corpus()).clone();
        for (at, byte, edit) in edits {
            let at = at.index(data.len().max(1));
            match edit {
                0 if at < data.len() => data[at] = byte,
                1 if at < data.len() => drop(data.remove(at)),
                _ => data.insert(at.min(data.len()), byte),
            }
        }
        target::wav(&data);
    }
}
