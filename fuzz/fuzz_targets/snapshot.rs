//! A state on disk.

#![no_main]

#[path = "../src/snapshot.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::snapshot(data));
