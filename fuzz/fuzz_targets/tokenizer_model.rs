//! A SentencePiece model.

#![no_main]

#[path = "../src/tokenizer_model.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::tokenizer_model(data);
});
