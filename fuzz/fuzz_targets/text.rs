//! The text form of a program.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sottovoce_fuzz::text(data);
});
