//! Sampling against plain references.

mod cases;
mod reference;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sottovoce_llm::sampling::{Dry, Penalties, Sampler, Sampling};

/// Draws 20,000 times and compares the counts with the reference's probabilities by Pearson's chi-square.
fn check_distribution(logits: &[f32], sampling: Sampling) {
    const DRAWS: usize = 20_000;
    let expected = reference::probabilities(logits, &sampling);
    let mut counts = vec![0usize; logits.len()];
    let mut sampler = Sampler::new(sampling.clone(), &[], 0).unwrap();
    for _ in 0..DRAWS {
        counts[sampler.choose(logits).unwrap().id as usize] += 1;
    }
    let mut chi_square = 0.0;
    let mut freedom = -1.0;
    for (id, (&count, &p)) in counts.iter().zip(&expected).enumerate() {
        if p == 0.0 {
            assert_eq!(count, 0, "token {id} is filtered out, {sampling:?}");
            continue;
        }
        let mean = p * DRAWS as f64;
        chi_square += (count as f64 - mean).powi(2) / mean;
        freedom += 1.0;
    }
    // Mean `freedom`, variance twice that; five standard deviations and a half for the skew of few degrees.
    let limit = freedom + 5.5 * (2.0f64 * freedom).sqrt() + 10.0;
    assert!(chi_square <= limit, "chi-square {chi_square:.1} > {limit:.1}, {sampling:?}");
}

#[test]
fn draws_follow_the_filtered_distribution() {
    let logits: Vec<f32> = (0..40).map(|i| ((i * 17) % 23) as f32 / 6.0).collect();
    let warm = Sampling { temperature: 1.0, ..Sampling::GREEDY };
    for (seed, sampling) in [
        warm.clone(),
        Sampling { temperature: 0.5, ..warm.clone() },
        Sampling { temperature: 2.0, top_k: Some(7), ..warm.clone() },
        Sampling { top_p: Some(0.8), ..warm.clone() },
        Sampling { temperature: 1.3, top_k: Some(20), top_p: Some(0.5), ..warm.clone() },
        Sampling { top_k: Some(1000), top_p: Some(1.0), ..warm.clone() },
        Sampling { min_p: Some(0.2), ..warm.clone() },
        Sampling { typical_p: Some(0.6), ..warm.clone() },
        Sampling { top_p: Some(0.9), min_p: Some(0.1), typical_p: Some(0.7), ..warm.clone() },
        Sampling { logit_bias: vec![(4, 2.0), (39, f32::NEG_INFINITY)], ..warm },
    ]
    .into_iter()
    .enumerate()
    {
        check_distribution(&logits, Sampling { seed: seed as u64, ..sampling });
    }
}

#[test]
fn impossible_tokens_are_never_drawn() {
    let mut logits = vec![f32::NEG_INFINITY; 30];
    logits[3] = 1.0;
    logits[29] = 0.0;
    for (top_k, typical_p) in [(None, None), (Some(10), None), (Some(10), Some(0.9))] {
        check_distribution(&logits, Sampling { temperature: 1.0, top_k, typical_p, seed: 5, ..Sampling::GREEDY });
    }
}

/// Half of the options at their values that change nothing.
fn any_sampling() -> impl Strategy<Value = Sampling> {
    let share = || prop::option::of(0.01f32..=1.0);
    let filters = (prop::option::of(1usize..700), share(), share(), share());
    let window = || prop::option::of(0usize..40);
    let penalties = (0.5f32..2.0, -2f32..2.0, -1f32..1.0, window())
        .prop_map(|(repetition, presence, frequency, window)| Penalties { repetition, presence, frequency, window });
    let dry = (0f32..3.0, 1f32..3.0, 1usize..4, window(), prop::collection::vec(0u32..6, 0..3)).prop_map(
        |(multiplier, base, allowed_length, window, breakers)| Dry {
            multiplier,
            base,
            allowed_length,
            window,
            breakers,
        },
    );
    let bias = prop::collection::vec((0u32..4, prop_oneof![-9f32..9.0, Just(f32::NEG_INFINITY)]), 0..3);
    let temperature = prop_oneof![1 => Just(0.0), 4 => 0.01f32..4.0];
    let looking_back = (prop::option::of(penalties), prop::option::of(dry));
    (temperature, filters, looking_back, bias, any::<(u64, u64)>()).prop_map(
        |(temperature, (top_k, top_p, min_p, typical_p), (penalties, dry), logit_bias, (seed, index))| Sampling {
            temperature,
            top_k,
            top_p,
            min_p,
            typical_p,
            penalties: penalties.unwrap_or_default(),
            dry,
            logit_bias,
            seed,
            index,
            log_probabilities: None,
        },
    )
}

proptest! {
    /// Every choice of an answer, from the same random numbers.
    #[test]
    fn choices_are_those_of_the_plain_reference(
        logits in prop::collection::vec(prop_oneof![(-8i8..8).prop_map(f32::from), -50f32..50.0], 6..600),
        prompt in prop::collection::vec(0u32..6, 0..60),
        sampling in any_sampling(),
    ) {
        let mut random = ChaCha8Rng::seed_from_u64(sampling.seed);
        random.set_stream(sampling.index);
        let mut sampler = Sampler::new(sampling.clone(), &prompt, 100).unwrap();
        let mut history = prompt;
        for step in 0..20 {
            let uniform = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
            let expected = reference::draw(&logits, &sampling, &history, uniform);
            prop_assert_eq!(sampler.choose(&logits).unwrap().id, expected, "step {} of {:?}", step, sampling);
            history.push(expected);
        }
    }

    /// What speculation rests on: a token that is accepted leaves what a choice leaves.
    #[test]
    fn accepting_a_token_is_choosing_it(
        rows in prop::collection::vec(prop::collection::vec(-4f32..4.0, 8), 1..20),
        sampling in any_sampling(),
        accepted in 0usize..20,
    ) {
        let mut chooser = Sampler::new(sampling.clone(), &[1, 2, 1], 100).unwrap();
        let mut follower = Sampler::new(sampling, &[1, 2, 1], 100).unwrap();
        for (at, row) in rows.iter().enumerate() {
            let chosen = chooser.choose(row).unwrap().id;
            if at < accepted {
                follower.accept(chosen).unwrap();
            } else {
                prop_assert_eq!(follower.choose(row).unwrap().id, chosen);
            }
        }
    }
}
