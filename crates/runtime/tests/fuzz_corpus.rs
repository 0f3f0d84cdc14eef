//! Replays the corpus of the fuzz target, as it is and with random changes.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};
use sottovoce_kernels::Team;
use sottovoce_runtime::packed_cache::Archive;
use sottovoce_tensor::Bytes;

#[path = "../../../fuzz/src/packed_cache.rs"]
mod target;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/packed_cache");
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn seeds_are_accepted_and_refused() {
    let corpus = corpus();
    let sound = |data: &&Vec<u8>| {
        Archive::parse(Bytes::copy_from(&target::sealed(data.to_vec())), &[7; 32], &Team::new(1)).is_ok()
    };
    let accepted = corpus.iter().filter(sound).count();
    assert!(accepted >= 4 && corpus.len() > accepted, "{accepted} of {} were accepted", corpus.len());
    corpus.iter().for_each(|data| target::packed_cache(data));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_seeds_never_panic(file in any::<Index>(), edits in vec((any::<Index>(), any::<u8>()), 1..4)) {
        let mut data = file.get(&corpus()).clone();
        for (at, byte) in edits {
            if !data.is_empty() {
                let at = at.index(data.len());
                data[at] = byte;
            }
        }
        target::packed_cache(&data);
    }
}
