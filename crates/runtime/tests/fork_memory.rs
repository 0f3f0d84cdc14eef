//! A fork takes memory for the positions in use, not for the context. The memory is the whole process's, so this test is
//! alone in its program.

#![cfg(target_os = "linux")]

use std::{fs, ops::ControlFlow};

use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, checkpoint::Config, convert};
use sottovoce_runtime::{Inputs, LoadOptions, Model};
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

const CONTEXT: usize = 16_384;
const HELD: usize = 40;
const FORKS: usize = 32;

/// Bytes that the process has in memory.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

#[test]
fn forks_take_memory_for_what_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.mlpackage");
    let mut config = Config::read(&fixtures_dir().join("checkpoints/llama-hf/config.json")).unwrap();
    config.max_context = CONTEXT;
    let checkpoint = Checkpoint::random("long", config, Quantize::F16).unwrap();
    let options = ConvertOptions { quantize: Quantize::F16, context: Some(CONTEXT), ..ConvertOptions::default() };
    convert(&checkpoint, &path, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    let model = Model::load(&path, &LoadOptions { threads: Some(1), ..LoadOptions::default() }).unwrap();
    let mut state = model.new_state();
    let inputs = Inputs::from([
        ("inputIds", Tensor::from_slice([1, HELD], &[7i32; HELD]).unwrap()),
        ("causalMask", causal_mask(HELD, HELD, MASKED)),
    ]);
    model.predict(&inputs, &mut state).unwrap();

    let before = resident();
    let forks: Vec<_> = (0..FORKS).map(|_| state.clone()).collect();
    let taken = resident().saturating_sub(before) / FORKS;
    assert!(forks.iter().all(|fork| fork.rows(0..HELD).unwrap() == state.rows(0..HELD).unwrap()));
    // Two layers of two heads of keys and of values in a page or two each: 64 kB at most, and as much for the rest.
    // The whole state is 64 times as large.
    assert_eq!(state.bytes(), 2 * 2 * 2 * CONTEXT * 16 * 2);
    assert!(taken <= 128 << 10, "a fork of {HELD} positions takes {taken} bytes");
}
