//! A packed cache.

#![no_main]

#[path = "../src/packed_cache.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::packed_cache(data);
});
