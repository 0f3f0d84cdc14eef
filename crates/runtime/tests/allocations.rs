//! Once decoding has begun, a token allocates nothing. The counts are of all threads, so this test is alone in its program.

use std::alloc::System;

use half::f16;
use sottovoce_runtime::{Inputs, LoadOptions, Model, OutputRows, Outputs, Precision, PredictOptions};
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{Fixture, Interface, fixtures};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Tokens that find the sizes which everything keeps: the first call makes room, and outputs alternate between two tensors.
const WARM_UP: usize = 2;
const TOKENS: usize = 300;

/// Decodes token after token; gives the number of those, after the first ones, during which anything is allocated.
fn tokens_that_allocate(fixture: &Fixture, options: &LoadOptions) -> usize {
    let model = Model::load(&fixture.package, options).unwrap();
    let mut state = model.new_state();
    let mut outputs = Outputs::new();
    let mut inputs = Inputs::from([
        ("inputIds", Tensor::zeros(DType::I32, [1, 1]).unwrap()),
        ("causalMask", Tensor::zeros(DType::F16, [1, 1, 1, fixture.context]).unwrap()),
    ]);
    let last = PredictOptions { rows: OutputRows::Last, ..PredictOptions::default() };
    let mut found = 0;
    for position in 0..TOKENS.min(fixture.context) {
        let region = Region::new(ALLOCATOR);
        inputs.get_mut("inputIds").unwrap().as_mut_slice().unwrap()[0] = position as i32;
        let mask = inputs.get_mut("causalMask").unwrap();
        mask.renew(DType::F16, &[1, 1, 1, position + 1]).unwrap();
        mask.as_mut_slice().unwrap().fill(f16::ZERO);
        model.predict_into(&inputs, &mut state, &last, &mut outputs).unwrap();
        let change = region.change();
        found += usize::from(position >= WARM_UP && change.allocations + change.reallocations > 0);
    }
    found
}

#[test]
fn a_decoded_token_allocates_nothing() {
    let stateful = fixtures().into_iter().filter(|fixture| fixture.interface == Interface::Stateful);
    for fixture in stateful {
        for (precision, threads) in [(Precision::Fast, 1), (Precision::Exact, 1), (Precision::Fast, 3)] {
            let options = LoadOptions { precision, threads: Some(threads), ..LoadOptions::default() };
            let found = tokens_that_allocate(&fixture, &options);
            // A helper of the team may start late, on a busy machine, and the system's threads allocate when they start.
            assert!(found < threads, "{}, {precision:?}, {threads} threads: {found} tokens allocate", fixture.name);
        }
    }
}
