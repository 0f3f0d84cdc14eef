//! The answer of a model that was offered a tool.

#![no_main]

#[path = "../src/tool_calls.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    target::tool_calls(data);
});
