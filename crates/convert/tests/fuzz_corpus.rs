//! Replays the fuzzer's corpus, as `fuzz/fuzz_targets` would.

use std::path::Path;

use sottovoce_convert::gguf::Gguf;

#[test]
fn gguf_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/gguf");
    let mut opened = 0;
    let entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in &entries {
        if let Ok(file) = Gguf::open(path) {
            opened += 1;
            for tensor in file.tensors.values() {
                assert_eq!(tensor.to_f32_vec().unwrap().len(), tensor.len(), "{}", path.display());
            }
        }
    }
    assert!(opened >= 7 && entries.len() > opened, "seeds that open and seeds that do not");
}
