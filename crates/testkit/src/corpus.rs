//! The corpora of the fuzz targets, for the tests that replay them.

use std::{fs, path::Path};

use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    sample::Index,
    test_runner::{Config, TestRunner},
};

/// How many files of a corpus were accepted and refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Those for which the target said so.
    pub accepted: usize,
    /// The others.
    pub refused: usize,
}

/// Runs a fuzz target, which says whether it accepts what it is given, on the files of `fuzz/corpus/NAME`, as they are and
/// with bytes overwritten, inserted and removed.
///
/// # Panics
/// The target panics, or there is no such corpus.
pub fn replay_corpus(name: &str, target: impl Fn(&[u8]) -> bool) -> Replayed {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let read = |entry: std::io::Result<fs::DirEntry>| fs::read(entry.expect("a folder entry").path()).expect("a seed");
    let corpus: Vec<Vec<u8>> = entries.map(read).collect();
    let accepted = corpus.iter().filter(|data| target(data)).count();
    let edits = vec((any::<Index>(), any::<u8>(), 0..3_u8), 1..6);
    let damaged = (any::<Index>(), edits).prop_map(|(file, edits)| {
        let mut data = file.get(&corpus).clone();
        edits.iter().for_each(|(at, byte, edit)| damage(&mut data, at, *byte, *edit));
        data
    });
    let config = Config { failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&damaged, |data| {
        target(&data);
        Ok(())
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    Replayed { accepted, refused: corpus.len() - accepted }
}

fn damage(data: &mut Vec<u8>, at: &Index, byte: u8, edit: u8) {
    let at = at.index(data.len().max(1));
    match edit {
        0 if at < data.len() => data[at] = byte,
        1 if at < data.len() => drop(data.remove(at)),
        _ => data.insert(at, byte),
    }
}
