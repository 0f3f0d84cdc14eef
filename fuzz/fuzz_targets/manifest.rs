//! Contents of a `Manifest.json`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sottovoce_fuzz::manifest(data);
});
