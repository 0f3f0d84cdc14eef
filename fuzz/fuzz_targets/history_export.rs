//! Conversations as JSON.

#![no_main]

#[path = "../src/history_export.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::history_export(data);
});
