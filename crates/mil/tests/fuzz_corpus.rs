//! Replays the corpus of the fuzz targets, as it is and with random changes.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};

#[path = "../../../fuzz/src/lib.rs"]
mod targets;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
    let corpus: Vec<_> = files.collect();
    assert!(!corpus.is_empty(), "no corpus in {}", folder.display());
    corpus
}

/// Runs a target on its corpus, and on files of it with bytes overwritten, inserted and removed.
fn replay(target: &str, run: fn(&[u8])) {
    let corpus = corpus(target);
    corpus.iter().for_each(|data| run(data));
    let edits = vec((any::<Index>(), any::<u8>(), 0..3), 1..6);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(file in any::<Index>(), edits in edits)| {
        let mut data = file.get(&corpus).clone();
        for (at, byte, edit) in edits {
            if data.is_empty() {
                data.push(byte);
            }
            let at = at.index(data.len());
            match edit {
                0 => data[at] = byte,
                1 => data.insert(at, byte),
                _ => drop(data.remove(at)),
            }
        }
        run(&data);
    });
}

#[test]
fn models() {
    replay("model", targets::model);
}

#[test]
fn weight_files() {
    replay("weights", targets::weights);
}

#[test]
fn manifests() {
    replay("manifest", targets::manifest);
}

#[test]
fn texts() {
    replay("text", targets::text);
}
