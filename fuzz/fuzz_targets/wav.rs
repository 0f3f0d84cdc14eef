//! A WAV file.

#![no_main]

#[path = "../src/wav.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::wav(data);
});
