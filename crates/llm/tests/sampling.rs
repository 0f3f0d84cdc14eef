//! Sampling against plain references.

mod common;

use proptest::prelude::*;
use sottovoce_llm::LlmError;
use sottovoce_llm::sampling::{Sampler, Sampling};

/// The distribution by sorting the whole vocabulary.
fn reference(logits: &[f32], sampling: &Sampling) -> Vec<f64> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut ranked: Vec<(usize, f64)> =
        logits.iter().map(|&l| f64::from((l - max) / sampling.temperature).exp()).enumerate().collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked.truncate(sampling.top_k.unwrap_or(usize::MAX));
    if let Some(p) = sampling.top_p {
        let total: f64 = ranked.iter().map(|r| r.1).sum();
        let mut mass = 0.0;
        let len = ranked.iter().take_while(|r| {
            let taken = mass < f64::from(p) * total;
            mass += r.1;
            taken
        });
        let len = len.count();
        ranked.truncate(len);
    }
    let total: f64 = ranked.iter().map(|r| r.1).sum();
    let mut probabilities = vec![0.0; logits.len()];
    for (id, weight) in ranked {
        probabilities[id] = weight / total;
    }
    probabilities
}

/// Draws 20,000 times and compares the counts with the reference by Pearson's chi-square.
fn check_distribution(logits: &[f32], sampling: Sampling) {
    const DRAWS: usize = 20_000;
    let expected = reference(logits, &sampling);
    let mut counts = vec![0usize; logits.len()];
    let mut sampler = Sampler::new(sampling).unwrap();
    for _ in 0..DRAWS {
        counts[sampler.choose(logits).unwrap() as usize] += 1;
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
    for (seed, (temperature, top_k, top_p)) in [
        (1.0, None, None),
        (0.5, None, None),
        (2.0, Some(7), None),
        (1.0, None, Some(0.8)),
        (1.3, Some(20), Some(0.5)),
        (1.0, Some(1000), Some(1.0)),
    ]
    .into_iter()
    .enumerate()
    {
        check_distribution(&logits, Sampling { temperature, top_k, top_p, seed: seed as u64 });
    }
}

#[test]
fn impossible_tokens_are_never_drawn() {
    let mut logits = vec![f32::NEG_INFINITY; 30];
    logits[3] = 1.0;
    logits[29] = 0.0;
    for top_k in [None, Some(10)] {
        check_distribution(&logits, Sampling { temperature: 1.0, top_k, top_p: None, seed: 5 });
    }
}

#[test]
fn greedy_takes_the_first_of_equals() {
    let mut sampler = Sampler::new(Sampling::GREEDY).unwrap();
    assert_eq!(sampler.choose(&[0.0, 3.0, 1.0, 3.0]).unwrap(), 1);
}

#[test]
fn the_smallest_temperature_is_greedy_and_finite() {
    let sampling = Sampling { temperature: f32::MIN_POSITIVE, ..Sampling::GREEDY };
    assert_eq!(Sampler::new(sampling).unwrap().choose(&[-5.0, 60_000.0, 59_999.0]).unwrap(), 1);
}

#[test]
fn broken_logits_are_an_error() {
    let mut sampler = Sampler::new(Sampling::GREEDY).unwrap();
    let broken = |result| matches!(result, Err(LlmError::Logits { .. }));
    assert!(broken(sampler.choose(&[0.0, f32::NAN])));
    assert!(broken(sampler.choose(&[f32::NAN, 0.0])));
    assert!(broken(sampler.choose(&[0.0, f32::INFINITY])));
    assert!(broken(sampler.choose(&[f32::NEG_INFINITY; 3])));
    assert!(broken(sampler.choose(&[])));
}

#[test]
fn options_outside_their_range_are_refused() {
    for sampling in [
        Sampling { temperature: -1.0, ..Sampling::GREEDY },
        Sampling { temperature: f32::NAN, ..Sampling::GREEDY },
        Sampling { temperature: f32::INFINITY, ..Sampling::GREEDY },
        Sampling { top_k: Some(0), ..Sampling::GREEDY },
        Sampling { top_p: Some(0.0), ..Sampling::GREEDY },
        Sampling { top_p: Some(1.5), ..Sampling::GREEDY },
        Sampling { top_p: Some(f32::NAN), ..Sampling::GREEDY },
    ] {
        assert!(matches!(Sampler::new(sampling), Err(LlmError::Option { .. })), "{sampling:?}");
    }
}

proptest! {
    #[test]
    fn draws_stay_within_the_filters(
        logits in prop::collection::vec(prop_oneof![(-8i8..8).prop_map(f32::from), -50f32..50.0], 1..600),
        temperature in 0.01f32..4.0,
        top_k in prop::option::of(1usize..700),
        top_p in prop::option::of(0.01f32..=1.0),
        seed: u64,
    ) {
        let sampling = Sampling { temperature, top_k, top_p, seed };
        let allowed = reference(&logits, &sampling);
        let mut sampler = Sampler::new(sampling).unwrap();
        for _ in 0..20 {
            let id = sampler.choose(&logits).unwrap() as usize;
            // Sums in another order may move the edge of the nucleus by a rounding error.
            let tied = allowed.iter().zip(&logits).any(|(&p, &l)| p > 0.0 && l - logits[id] < 1e-3);
            prop_assert!(allowed[id] > 0.0 || (top_p.is_some() && tied), "{} of {:?}", id, sampling);
        }
    }
}
