//! GGUF files: opening any bytes fails or succeeds; what opened can be read.

#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use sottovoce_convert::gguf::Gguf;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for a small file");
    if let Ok(gguf) = Gguf::open(file.path()) {
        for tensor in gguf.tensors.values() {
            tensor.to_f32_vec().expect("a tensor inside the file");
        }
    }
});
