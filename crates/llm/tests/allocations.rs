//! Once decoding has begun, neither a token nor its choice allocates. The counts are of all threads, so this test is alone in
//! its program.

use std::{alloc::System, sync::Arc};

use sottovoce_llm::LanguageModel;
use sottovoce_llm::package::PackageModel;
use sottovoce_llm::sampling::{Sampler, Sampling};
use sottovoce_runtime::{LoadOptions, Model};
use sottovoce_testkit::fixtures;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: usize = 2;
const TOKENS: usize = 300;

#[test]
fn decoding_and_sampling_allocate_nothing() {
    let fixtures = fixtures();
    let long = fixtures.iter().find(|fixture| fixture.name == "llama-long").unwrap();
    let model = Model::load(&long.package, &LoadOptions { threads: Some(1), ..LoadOptions::default() }).unwrap();
    let model = Arc::new(model);
    let greedy = Sampling::GREEDY;
    let warm = Sampling { temperature: 0.8, top_k: Some(40), top_p: Some(0.95), seed: 1 };
    for sampling in [greedy, warm] {
        let mut model = PackageModel::new(Arc::clone(&model)).unwrap();
        let mut sampler = Sampler::new(sampling).unwrap();
        let prompt: Vec<u32> = long.ids[..20].iter().map(|&id| id as u32).collect();
        let mut id = sampler.choose(model.forward(&prompt).unwrap()).unwrap();
        let mut region = Region::new(ALLOCATOR);
        for token in 0..TOKENS {
            if token == WARM_UP {
                region.reset();
            }
            id = sampler.choose(model.forward(&[id]).unwrap()).unwrap();
        }
        let change = region.change();
        assert_eq!(change.allocations + change.reallocations, 0, "{sampling:?}: {change:?}");
    }
}
