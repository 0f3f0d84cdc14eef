//! Damaged files of states, a test for each kind of damage, and the corpus of the fuzz target.

use std::{fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::Index};
use sottovoce_llm::snapshot::{self, Snapshot};
use sottovoce_tensor::{Bytes, DType, Tensor};

#[path = "../../../fuzz/src/snapshot.rs"]
mod target;

const TEXT: &str = "{\"a\": \"text\"}";
/// Where the parts of the file below begin.
const TOKENS_AT: usize = 64 + TEXT.len();
const CACHES_AT: usize = TOKENS_AT + 4 * 3;
const CHECKSUM_AT: usize = CACHES_AT + 2 * 24;

/// A sound file of three tokens and two caches.
fn sound() -> Vec<u8> {
    let half: Vec<f32> = (0..2 * 3 * 4).map(|n| n as f32 / 8.0).collect();
    let rows = vec![
        Tensor::from_f32(DType::F16, [2, 1, 1, 3, 4], &half).unwrap(),
        Tensor::from_slice([1, 1, 2, 3, 1], &[1f32, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap(),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let snapshot = Snapshot { identity: [9; 32], tokens: vec![7, 8, 9], rows };
    snapshot::write(&path, TEXT, Some(&snapshot)).unwrap();
    let read = snapshot::read(&path).unwrap();
    assert_eq!((read.text.as_str(), read.snapshot), (TEXT, Some(snapshot)));
    fs::read(path).unwrap()
}

fn error(data: &[u8]) -> &'static str {
    snapshot::parse(&Bytes::copy_from(data)).expect_err("it is damaged")
}

/// The reason for refusing a file in which `bytes` stand at `at` and the checksum of the head is right.
fn changed(at: usize, bytes: &[u8]) -> &'static str {
    let mut data = sound();
    data[at..at + bytes.len()].copy_from_slice(bytes);
    error(&target::sealed(data))
}

#[test]
fn what_is_no_such_file_is_refused() {
    assert_eq!(error(b""), "it is shorter than a header");
    assert_eq!(error(&sound()[..63]), "it is shorter than a header");
    assert_eq!(error(&[b'x'; 200]), "it holds no conversation or state");
    assert_eq!(changed(8, &2u32.to_le_bytes()), "it was written by another version");
}

#[test]
fn a_file_that_is_cut_or_longer_is_refused() {
    let data = sound();
    for len in [64, TOKENS_AT, CHECKSUM_AT, CHECKSUM_AT + 4, data.len() - 1] {
        assert_eq!(error(&data[..len]), "it is cut, or longer than it says", "{len}");
    }
    assert_eq!(error(&[&data[..], &[0]].concat()), "it is cut, or longer than it says");
}

#[test]
fn numbers_that_cannot_be_right_are_refused_before_anything_is_read() {
    for at in [12, 16, 20] {
        assert_eq!(changed(at, &u32::MAX.to_le_bytes()), "its numbers cannot be right", "{at}");
    }
    // Within the limits, but more than the file holds.
    for at in [12, 16, 20] {
        assert_eq!(changed(at, &1000u32.to_le_bytes()), "it is cut, or longer than it says", "{at}");
    }
    for dtype in [0u32, 3, u32::MAX] {
        assert_eq!(changed(CACHES_AT, &dtype.to_le_bytes()), "its numbers cannot be right", "type {dtype}");
    }
    let huge = [u32::MAX.to_le_bytes(); 3].concat();
    assert_eq!(changed(CACHES_AT + 4, &huge), "its numbers cannot be right", "a product that overflows");
    assert_eq!(changed(CACHES_AT + 4, &3u32.to_le_bytes()), "it is cut, or longer than it says");
}

#[test]
fn a_text_that_is_none_is_refused() {
    assert_eq!(changed(64, &[0xFF]), "its text is no UTF-8");
}

#[test]
fn every_damaged_bit_is_noticed() {
    let data = sound();
    let first_cache = (CHECKSUM_AT + 4).next_multiple_of(64);
    for at in 0..data.len() {
        let padding =
            (CHECKSUM_AT + 4..first_cache).contains(&at) || (first_cache + 48..first_cache + 64).contains(&at);
        let mut damaged = data.clone();
        damaged[at] ^= 1 << (at % 8);
        let result = snapshot::parse(&Bytes::copy_from(&damaged));
        assert_eq!(result.is_ok(), padding, "byte {at}: {result:?}");
        if at >= first_cache && !padding {
            assert_eq!(result.unwrap_err(), "its keys and values are damaged");
        } else if (64..CHECKSUM_AT + 4).contains(&at) {
            assert_eq!(result.unwrap_err(), "its text or its list of tokens is damaged");
        }
    }
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    fs::write(&path, b"no state").unwrap();
    for error in [snapshot::read(&path).unwrap_err(), snapshot::read_text(&path).unwrap_err()] {
        assert_eq!(error.to_string(), format!("session file {}: it is shorter than a header", path.display()));
    }
    let error = snapshot::read(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("it is no file"), "{error}");
    let error = snapshot::read(&folder.path().join("nosuch")).unwrap_err().to_string();
    assert!(error.contains("nosuch"), "{error}");
}

#[test]
fn what_has_no_form_in_a_file_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let write = |tokens, rows| {
        let snapshot = Snapshot { identity: [0; 32], tokens, rows: vec![rows] };
        snapshot::write(&path, "", Some(&snapshot)).unwrap_err().to_string()
    };
    let flat = Tensor::zeros(DType::F16, [4]).unwrap();
    assert!(write(vec![1], flat).contains("a cache of fp16 [4] has no form in a file"));
    let long = Tensor::zeros(DType::F16, [1, 1, 1, 2, 1]).unwrap();
    assert!(write(vec![1], long).contains("a cache of 2 positions does not belong to 1 tokens"));
    let error = snapshot::write(&path, &"x".repeat((16 << 20) + 1), None).unwrap_err();
    assert!(error.to_string().contains("bytes of text are more than"), "{error}");
    assert!(!path.exists());
}

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/snapshot");
    fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

#[test]
fn seeds_are_accepted_and_refused() {
    let corpus = corpus();
    let accepted = corpus.iter().filter(|data| snapshot::parse(&Bytes::copy_from(data)).is_ok()).count();
    assert!(accepted >= 3 && corpus.len() > accepted, "{accepted} of {} were accepted", corpus.len());
    corpus.iter().for_each(|data| target::snapshot(data));
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
        target::snapshot(&data);
    }
}
