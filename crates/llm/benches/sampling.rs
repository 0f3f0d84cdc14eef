//! `cargo bench -p sottovoce-llm --bench sampling`: one choice from a vocabulary of 256k tokens.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sottovoce_llm::sampling::{Dry, Penalties, Sampler, Sampling};
use sottovoce_testkit::Random;

const VOCABULARY: usize = 256_000;
/// Tokens that penalties look back at.
const HISTORY: usize = 2_048;

fn choices(criterion: &mut Criterion) {
    let mut random = Random::new(1);
    // As wide as the logits of real models are.
    let logits: Vec<f32> = (0..VOCABULARY).map(|_| random.normal() * 3.0).collect();
    let prompt: Vec<u32> = (0..HISTORY).map(|_| random.below(5_000) as u32).collect();
    let warm = Sampling { temperature: 0.8, ..Sampling::GREEDY };
    let penalties = Penalties { repetition: 1.1, presence: 0.5, frequency: 0.1, window: None };
    let mut group = criterion.benchmark_group("choose");
    for (name, sampling) in [
        ("greedy", Sampling::GREEDY),
        ("temperature", warm.clone()),
        ("top-k 40", Sampling { top_k: Some(40), ..warm.clone() }),
        ("top-p 0.95", Sampling { top_p: Some(0.95), ..warm.clone() }),
        ("top-k 64, top-p 0.95", Sampling { top_k: Some(64), top_p: Some(0.95), ..warm.clone() }),
        ("min-p 0.05", Sampling { min_p: Some(0.05), ..warm.clone() }),
        ("typical-p 0.95", Sampling { typical_p: Some(0.95), ..warm.clone() }),
        ("penalties, top-k 40", Sampling { penalties, top_k: Some(40), ..warm.clone() }),
        ("DRY, top-k 40", Sampling { dry: Some(Dry::default()), top_k: Some(40), ..warm.clone() }),
        ("log probabilities of 5", Sampling { log_probabilities: Some(5), ..Sampling::GREEDY }),
    ] {
        let mut sampler = Sampler::new(sampling, &prompt, 2 * HISTORY).expect("the options are in range");
        group.bench_function(name, |bencher| {
            bencher.iter(|| sampler.choose(black_box(&logits)).expect("the logits are sound"));
        });
    }
    group.finish();
}

criterion_group!(benches, choices);
criterion_main!(benches);
