//! Contents of a `weight.bin`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    sottovoce_fuzz::weights(data);
});
