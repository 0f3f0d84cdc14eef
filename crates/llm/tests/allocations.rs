//! Once decoding has begun, neither a token nor its choice allocates. The counts are of all threads, so this test is alone in
//! its program.

use std::{alloc::System, sync::Arc};

use sottovoce_llm::LanguageModel;
use sottovoce_llm::package::PackageModel;
use sottovoce_llm::sampling::{Dry, Penalties, Sampler, Sampling};
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
    let warm = Sampling { temperature: 0.8, top_k: Some(40), top_p: Some(0.95), seed: 1, ..greedy.clone() };
    let unlimited = Sampling { top_k: None, min_p: Some(0.02), typical_p: Some(0.9), ..warm.clone() };
    let penalties = Penalties { repetition: 1.1, presence: 0.5, frequency: 0.1, window: Some(64) };
    let looking_back = Sampling {
        penalties,
        dry: Some(Dry { breakers: vec![3, 5], ..Dry::default() }),
        logit_bias: vec![(7, -1.0)],
        log_probabilities: Some(0),
        ..warm.clone()
    };
    let whole = Sampling { penalties: Penalties { window: None, ..penalties }, ..greedy.clone() };
    for sampling in [greedy, warm, unlimited, looking_back, whole] {
        let mut model = PackageModel::new(Arc::clone(&model)).unwrap();
        let prompt: Vec<u32> = long.ids[..20].iter().map(|&id| id as u32).collect();
        let mut sampler = Sampler::new(sampling.clone(), &prompt, model.context()).unwrap();
        let mut id = sampler.choose(model.forward(&prompt).unwrap()).unwrap().id;
        let mut region = Region::new(ALLOCATOR);
        for token in 0..TOKENS {
            if token == WARM_UP {
                region.reset();
            }
            id = sampler.choose(model.forward(&[id]).unwrap()).unwrap().id;
        }
        let change = region.change();
        assert_eq!(change.allocations + change.reallocations, 0, "{sampling:?}: {change:?}");
    }
}
