//! What comes in on a connection of Wyoming.

#![no_main]

#[path = "../src/wyoming.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::wyoming(data);
});
