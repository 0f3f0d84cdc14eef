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

/// Decodes token after token; gives the allocations after the first ones.
fn allocations(fixture: &Fixture, options: &LoadOptions) -> usize {
    let model = Model::load(&fixture.package, options).unwrap();
    let mut state = model.new_state();
    let mut outputs = Outputs::new();
    let mut inputs = Inputs::from([
        ("inputIds", Tensor::zeros(DType::I32, [1, 1]).unwrap()),
        ("causalMask", Tensor::zeros(DType::F16, [1, 1, 1, fixture.context]).unwrap()),
    ]);
    let last = PredictOptions { rows: OutputRows::Last, ..PredictOptions::default() };
    let mut region = Region::new(ALLOCATOR);
    for position in 0..TOKENS.min(fixture.context) {
        if position == WARM_UP {
            region.reset();
        }
        inputs.get_mut("inputIds").unwrap().as_mut_slice().unwrap()[0] = position as i32;
        let mask = inputs.get_mut("causalMask").unwrap();
        mask.renew(DType::F16, &[1, 1, 1, position + 1]).unwrap();
        mask.as_mut_slice().unwrap().fill(f16::ZERO);
        model.predict_into(&inputs, &mut state, &last, &mut outputs).unwrap();
    }
    let change = region.change();
    change.allocations + change.reallocations
}

#[test]
fn a_decoded_token_allocates_nothing() {
    let stateful = fixtures().into_iter().filter(|fixture| fixture.interface == Interface::Stateful);
    for fixture in stateful {
        for (precision, threads) in [(Precision::Fast, 1), (Precision::Fast, 3), (Precision::Exact, 2)] {
            let options = LoadOptions { precision, threads: Some(threads), ..LoadOptions::default() };
            assert_eq!(allocations(&fixture, &options), 0, "{}, {precision:?}, {threads} threads", fixture.name);
        }
    }
}
