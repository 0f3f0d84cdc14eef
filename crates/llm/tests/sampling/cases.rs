//! Cases computed by hand, and options that are refused.

use std::collections::BTreeSet;

use sottovoce_llm::LlmError;
use sottovoce_llm::sampling::{Dry, Penalties, Sampler, Sampling};

const GREEDY: Sampling = Sampling::GREEDY;

fn warm() -> Sampling {
    Sampling { temperature: 1.0, ..GREEDY }
}

fn choose(logits: &[f32], sampling: Sampling, history: &[u32]) -> u32 {
    Sampler::new(sampling, history, 16).unwrap().choose(logits).unwrap().id
}

/// The logits of one half, a quarter, and twice an eighth.
fn halves() -> Vec<f32> {
    [0.5f32, 0.25, 0.125, 0.125].map(f32::ln).to_vec()
}

/// All tokens that can come.
fn possible(logits: &[f32], sampling: Sampling) -> Vec<u32> {
    let mut sampler = Sampler::new(sampling, &[], 0).unwrap();
    let drawn: BTreeSet<u32> = (0..500).map(|_| sampler.choose(logits).unwrap().id).collect();
    drawn.into_iter().collect()
}

#[test]
fn greedy_takes_the_first_of_equals() {
    assert_eq!(choose(&[0.0, 3.0, 1.0, 3.0], GREEDY, &[]), 1);
}

#[test]
fn the_smallest_temperature_is_greedy_and_finite() {
    assert_eq!(choose(&[-5.0, 60_000.0, 59_999.0], Sampling { temperature: f32::MIN_POSITIVE, ..GREEDY }, &[]), 1);
}

#[test]
fn filters_keep_what_their_papers_say() {
    let halves = halves();
    assert_eq!(possible(&halves, warm()), [0, 1, 2, 3]);
    assert_eq!(possible(&halves, Sampling { top_k: Some(2), ..warm() }), [0, 1]);
    assert_eq!(possible(&halves, Sampling { top_p: Some(0.7), ..warm() }), [0, 1]);
    assert_eq!(possible(&halves, Sampling { min_p: Some(0.4), ..warm() }), [0, 1]);
    // The entropy is 1.75 bits; the tokens' surprises are 1, 2, 3 and 3, so that the second is the most typical.
    assert_eq!(possible(&halves, Sampling { typical_p: Some(0.2), ..warm() }), [1]);
    assert_eq!(possible(&halves, Sampling { typical_p: Some(0.7), ..warm() }), [0, 1]);
}

#[test]
fn each_filter_sees_what_the_one_before_it_left() {
    let halves = halves();
    // Of the first two alone, the first has two thirds.
    assert_eq!(possible(&halves, Sampling { top_k: Some(2), top_p: Some(0.6), ..warm() }), [0]);
    // At temperature 0.5 they have 16, 4, 1 and 1 of 22.
    assert_eq!(possible(&halves, Sampling { temperature: 0.5, top_p: Some(0.72), ..warm() }), [0]);
    // At temperature 2 the second has 0.71 of the first.
    assert_eq!(possible(&halves, Sampling { temperature: 2.0, min_p: Some(0.6), ..warm() }), [0, 1]);
    // Of the first two, entropy 0.92 bits; surprises 0.58 and 1.58.
    assert_eq!(possible(&halves, Sampling { top_k: Some(2), typical_p: Some(0.2), ..warm() }), [0]);
}

#[test]
fn repetition_divides_what_is_positive_and_multiplies_what_is_negative() {
    let penalties = Penalties { repetition: 2.0, ..Penalties::NONE };
    let sampling = Sampling { penalties, ..GREEDY };
    assert_eq!(choose(&[3.0, 2.0, -1.0], sampling.clone(), &[0]), 1);
    assert_eq!(choose(&[3.0, 1.0, -1.0], sampling.clone(), &[0]), 0);
    assert_eq!(choose(&[-1.0, -1.5], sampling, &[0]), 1);
}

#[test]
fn presence_counts_once_and_frequency_every_time() {
    let presence = Sampling { penalties: Penalties { presence: 1.0, ..Penalties::NONE }, ..GREEDY };
    assert_eq!(choose(&[3.0, 1.5], presence.clone(), &[0, 0, 0]), 0);
    assert_eq!(choose(&[2.0, 1.5], presence, &[0]), 1);
    let frequency = Sampling { penalties: Penalties { frequency: 1.0, ..Penalties::NONE }, ..GREEDY };
    assert_eq!(choose(&[3.0, 1.5], frequency.clone(), &[0]), 0);
    assert_eq!(choose(&[3.0, 1.5], frequency, &[0, 0]), 1);
}

#[test]
fn penalties_look_at_the_window_alone_and_at_the_answer_too() {
    let penalties = Penalties { presence: 5.0, window: Some(2), ..Penalties::NONE };
    let mut sampler = Sampler::new(Sampling { penalties, ..GREEDY }, &[0, 3], 16).unwrap();
    let mut next = || sampler.choose(&[4.0, 3.0, 2.0, 1.0]).unwrap().id;
    // After 0 3, 3 1, 1 0, 0 2, 2 1.
    assert_eq!([next(), next(), next(), next(), next()], [1, 0, 2, 1, 0]);
}

#[test]
fn dry_grows_with_the_length_of_the_repetition() {
    let dry = |multiplier| Sampling { dry: Some(Dry { multiplier, base: 2.0, ..Dry::default() }), ..GREEDY };
    let logits = [0.0, 0.0, 0.0, 10.0, 0.5];
    // One token the same: no penalty. Two: the multiplier. Four: four times that.
    assert_eq!(choose(&logits, dry(99.0), &[9, 2, 3, 8, 2]), 3);
    assert_eq!(choose(&logits, dry(9.0), &[1, 2, 3, 8, 1, 2]), 3);
    assert_eq!(choose(&logits, dry(9.6), &[1, 2, 3, 8, 1, 2]), 4);
    assert_eq!(choose(&logits, dry(2.3), &[7, 6, 1, 2, 3, 8, 7, 6, 1, 2]), 3);
    assert_eq!(choose(&logits, dry(2.4), &[7, 6, 1, 2, 3, 8, 7, 6, 1, 2]), 4);
}

#[test]
fn dry_does_not_reach_over_breakers_or_out_of_its_window() {
    let logits = [0.0, 0.0, 0.0, 10.0];
    let history = [7, 1, 2, 3, 8, 7, 1, 2];
    let with = |breakers: &[u32], window| {
        let dry = Dry { multiplier: 99.0, allowed_length: 3, window, breakers: breakers.to_vec(), ..Dry::default() };
        choose(&logits, Sampling { dry: Some(dry), ..GREEDY }, &history)
    };
    assert_eq!(with(&[], None), 0);
    assert_eq!(with(&[8, 5], None), 0, "a breaker elsewhere");
    assert_eq!(with(&[5, 1], None), 3, "a breaker inside cuts the repetition to one token");
    assert_eq!(with(&[3], None), 3, "a breaker is never penalised");
    assert_eq!(with(&[], Some(8)), 0);
    assert_eq!(with(&[], Some(7)), 3, "the window cuts the earlier occurrence");
}

#[test]
fn bias_favours_and_forbids() {
    let bias = |id, bias| Sampling { logit_bias: vec![(id, bias)], ..GREEDY };
    assert_eq!(choose(&[1.0, 0.0], bias(1, 1.5), &[]), 1);
    assert_eq!(choose(&[1.0, 0.0], bias(0, f32::NEG_INFINITY), &[]), 1);
    let error = Sampler::new(bias(2, 1.0), &[], 0).unwrap().choose(&[1.0, 0.0]).unwrap_err();
    assert!(matches!(error, LlmError::IdOutOfRange { id: 2, vocab: 2 }), "{error}");
}

#[test]
fn answers_of_one_seed_differ_and_each_repeats() {
    let answer = |index| {
        let mut sampler = Sampler::new(Sampling { index, seed: 3, ..warm() }, &[], 0).unwrap();
        (0..20).map(|_| sampler.choose(&[0.0; 50]).unwrap().id).collect::<Vec<_>>()
    };
    assert_eq!(answer(1), answer(1));
    assert_ne!(answer(0), answer(1));
    assert_ne!(answer(1), answer(2));
}

#[test]
fn log_probabilities_are_the_models_own() {
    let penalties = Penalties { presence: 9.0, ..Penalties::NONE };
    let sampling = Sampling { penalties, log_probabilities: Some(2), ..GREEDY };
    let choice = Sampler::new(sampling, &[0], 16).unwrap().choose(&halves()).unwrap();
    assert_eq!(choice.id, 1);
    let near = |found: f64, p: f64| (found - p.ln()).abs() < 1e-6; // The logits are rounded to f32.
    assert!(near(choice.log_probability.unwrap(), 0.25), "{choice:?}");
    assert_eq!(choice.alternatives.iter().map(|a| a.0).collect::<Vec<_>>(), [0, 1]);
    assert!(near(choice.alternatives[0].1, 0.5) && near(choice.alternatives[1].1, 0.25), "{choice:?}");
}

#[test]
fn broken_logits_are_an_error() {
    let broken = |logits: &[f32]| {
        let result = Sampler::new(GREEDY, &[], 0).unwrap().choose(logits);
        assert!(matches!(result, Err(LlmError::Logits { .. })), "{logits:?}");
    };
    broken(&[0.0, f32::NAN]);
    broken(&[f32::NAN, 0.0]);
    broken(&[0.0, f32::INFINITY]);
    broken(&[f32::NEG_INFINITY; 3]);
    broken(&[]);
}

#[test]
fn options_outside_their_range_are_refused() {
    let refused = |sampling: Sampling, option: &str| {
        let error = Sampler::new(sampling, &[], 0).map(drop).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{option} is ")) && error.contains(", expected "), "{error}");
    };
    for temperature in [-1.0, f32::NAN, f32::INFINITY] {
        refused(Sampling { temperature, ..GREEDY }, "temperature");
    }
    refused(Sampling { top_k: Some(0), ..GREEDY }, "top-k");
    for share in [0.0, 1.5, f32::NAN] {
        refused(Sampling { top_p: Some(share), ..GREEDY }, "top-p");
        refused(Sampling { min_p: Some(share), ..GREEDY }, "min-p");
        refused(Sampling { typical_p: Some(share), ..GREEDY }, "typical-p");
    }
    let penalised = |penalties| Sampling { penalties, ..GREEDY };
    for repetition in [0.0, -1.0, 1e9, f32::NAN] {
        refused(penalised(Penalties { repetition, ..Penalties::NONE }), "repeat-penalty");
    }
    for penalty in [1e9, f32::NAN, f32::NEG_INFINITY] {
        refused(penalised(Penalties { presence: penalty, ..Penalties::NONE }), "presence-penalty");
        refused(penalised(Penalties { frequency: penalty, ..Penalties::NONE }), "frequency-penalty");
    }
    for bias in [f32::NAN, f32::INFINITY] {
        refused(Sampling { logit_bias: vec![(0, bias)], ..GREEDY }, "logit-bias");
    }
    let dry = |dry| Sampling { dry: Some(dry), ..GREEDY };
    refused(dry(Dry { multiplier: -1.0, ..Dry::default() }), "dry-multiplier");
    refused(dry(Dry { base: 0.5, ..Dry::default() }), "dry-base");
    refused(dry(Dry { allowed_length: 0, ..Dry::default() }), "dry-allowed-length");
}
