//! Contents of a `model.mlmodel`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sottovoce_fuzz::model(data);
});
