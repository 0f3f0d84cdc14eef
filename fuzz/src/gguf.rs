//! What the fuzz target of GGUF files does with its input. The tests of `sottovoce-convert` run the same.

use std::io::Write;

use sottovoce_convert::gguf::Gguf;

/// Says whether the file opens. Every tensor of one that does can be read.
pub fn gguf(data: &[u8]) -> bool {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("room for a small file");
    let Ok(gguf) = Gguf::open(file.path()) else { return false };
    for tensor in gguf.tensors.values() {
        assert_eq!(tensor.to_f32_vec().expect("a tensor inside the file").len(), tensor.len());
    }
    true
}
