//! Perplexity over windows against a direct sum.

mod common;

use common::ScriptedModel;
use proptest::prelude::*;
use sottovoce_llm::LlmError;
use sottovoce_llm::evaluate::{Path, Windows, compare, greedy, perplexity};

const VOCAB: usize = 7;

/// Logits that depend on every token of the state.
fn logits(state: &[u32]) -> Vec<f32> {
    let mix = state.iter().fold(1u32, |sum, &id| sum.wrapping_mul(31).wrapping_add(id + 1));
    (0..VOCAB as u32).map(|id| (mix.wrapping_mul(id * 2 + 1) % 1000) as f32 / 250.0).collect()
}

/// −ln p and whether `target` is the first choice after `context`.
fn direct(context: &[u32], target: u32) -> (f64, bool) {
    let logits: Vec<f64> = logits(context).into_iter().map(f64::from).collect();
    let log_sum = logits.iter().map(|l| l.exp()).sum::<f64>().ln();
    let own = logits[target as usize];
    (
        log_sum - own,
        logits.iter().position(|&l| l >= logits.iter().copied().fold(0.0, f64::max)) == Some(target as usize),
    )
}

proptest! {
    #[test]
    fn every_token_is_predicted_once_from_its_window(
        ids in prop::collection::vec(0u32..VOCAB as u32, 2..80),
        length in 2usize..24,
        stride in 1usize..23,
        begin in prop::option::of(0u32..VOCAB as u32),
        max_rows in 1usize..9,
    ) {
        prop_assume!(stride < length);
        let (mut nll, mut top1, mut next, mut start) = (0.0, 0, 1, 0);
        while next < ids.len() {
            let end = (start + length).min(ids.len());
            for target in next..end {
                let context: Vec<u32> = begin.into_iter().chain(ids[start..target].iter().copied()).collect();
                let (loss, first) = direct(&context, ids[target]);
                nll += loss;
                top1 += usize::from(first);
            }
            next = end;
            start += stride;
        }
        let mut model = ScriptedModel::new(VOCAB, 25, logits);
        model.max_rows = max_rows;
        let found = perplexity(&mut model, &ids, begin, Windows { length, stride }, |_| {}).unwrap();
        prop_assert_eq!((found.tokens, found.top1), (ids.len() - 1, top1));
        // Sums of up to 80 terms of a few units in f64.
        prop_assert!((found.negative_log_likelihood - nll).abs() < 1e-9);
        prop_assert!((found.perplexity() - (nll / (ids.len() - 1) as f64).exp()).abs() < 1e-9);
    }
}

#[test]
fn windows_that_make_no_sense_are_refused() {
    let run = |ids: &[u32], length, stride| {
        let mut model = ScriptedModel::new(VOCAB, 16, logits);
        perplexity(&mut model, ids, Some(0), Windows { length, stride }, |_| {}).map(|_| ())
    };
    assert!(run(&[1, 2, 3], 15, 14).is_ok());
    for (length, stride) in [(1, 1), (16, 4), (8, 8), (8, 0)] {
        assert!(matches!(run(&[1, 2, 3], length, stride), Err(LlmError::Option { .. })), "{length} {stride}");
    }
    assert!(matches!(run(&[1], 8, 4), Err(LlmError::EmptyPrompt)));
    assert!(matches!(run(&[1, 99], 8, 4), Err(LlmError::IdOutOfRange { id: 99, .. })));
}

#[test]
fn broken_logits_end_the_evaluation() {
    let mut model = ScriptedModel::new(VOCAB, 16, |_| vec![f32::NAN; VOCAB]);
    let result = perplexity(&mut model, &[1, 2, 3], None, Windows { length: 8, stride: 4 }, |_| {});
    assert!(matches!(result, Err(LlmError::Logits { .. })));
}

/// The distribution after `context` with logits stretched by `stretch`.
fn distribution(context: &[u32], stretch: f32) -> Vec<f64> {
    let powers: Vec<f64> = logits(context).into_iter().map(|logit| f64::from(logit * stretch).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn stretched(stretch: f32, rows: usize) -> Path<ScriptedModel> {
    let script = move |state: &[u32]| logits(state).into_iter().map(|logit| logit * stretch).collect();
    Path { model: ScriptedModel::new(VOCAB, 25, script), rows }
}

proptest! {
    #[test]
    fn paths_are_compared_with_every_reference_before_them(
        ids in prop::collection::vec(0u32..VOCAB as u32, 2..80),
        window in 2usize..24,
        begin in prop::option::of(0u32..VOCAB as u32),
        rows in 1usize..9,
    ) {
        let stretches = [1.0, 1.5, 1.5, 0.5];
        let mut paths = stretches.map(|stretch| stretched(stretch, rows));
        let found = compare(&mut paths, 2, &ids, begin, window, |_| {}).unwrap();
        for (index, (found, &stretch)) in found.iter().zip(&stretches).enumerate() {
            prop_assert_eq!(found.divergences.len(), index.min(2));
            let (mut tokens, mut likelihood, mut kl) = (0, 0.0, [0.0; 2]);
            let mut losses = [const { Vec::new() }; 2];
            for window in ids.chunks(window) {
                for target in 1..window.len() {
                    let context: Vec<u32> = begin.into_iter().chain(window[..target].iter().copied()).collect();
                    let own = distribution(&context, stretch);
                    tokens += 1;
                    likelihood -= own[window[target] as usize].ln();
                    for ((kl, losses), &reference) in kl.iter_mut().zip(&mut losses).zip(&stretches) {
                        let reference = distribution(&context, reference);
                        losses.push((reference[window[target] as usize] / own[window[target] as usize]).ln());
                        *kl += reference.iter().zip(&own).map(|(p, q)| p * (p / q).ln()).sum::<f64>();
                    }
                }
            }
            prop_assert_eq!(found.perplexity.tokens, tokens);
            // Logits are products in f32, of a few units: 2^-22 each.
            prop_assert!((found.perplexity.negative_log_likelihood - likelihood).abs() < 1e-4);
            for ((divergence, kl), losses) in found.divergences.iter().zip(kl).zip(losses) {
                prop_assert_eq!(divergence.tokens, tokens);
                prop_assert!((divergence.kl - kl).abs() < 1e-4, "{} {}", divergence.kl, kl);
                let loss: f64 = losses.iter().sum();
                prop_assert!((divergence.loss - loss).abs() < 1e-4, "{} {}", divergence.loss, loss);
                if tokens > 1 {
                    let mean = loss / tokens as f64;
                    let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
                    let error = (squares / (tokens * (tokens - 1)) as f64).sqrt();
                    let found = divergence.loss_standard_error();
                    prop_assert!((found - error).abs() < 1e-4, "{found} {error}");
                }
                // Stretching changes no order.
                prop_assert_eq!(divergence.same_top1, tokens);
            }
        }
        prop_assert!(paths.iter().all(|path| path.model.calls.iter().all(|&call| call <= rows)));
    }
}

#[test]
fn another_first_choice_is_counted() {
    let backwards =
        Path { model: ScriptedModel::new(VOCAB, 25, |s| logits(s).into_iter().map(|l| -l).collect()), rows: 1 };
    let mut paths = [stretched(1.0, 4), backwards];
    let found = compare(&mut paths, 1, &[1, 2, 3, 4, 5, 6], None, 6, |_| {}).unwrap();
    assert_eq!(found[1].divergences[0].top1_agreement(), 0.0);
    assert!(found[1].divergences[0].mean_kl() > 0.1);
    let mut others = [stretched(1.0, 4), Path { model: ScriptedModel::new(9, 25, |_| vec![0.0; 9]), rows: 4 }];
    let error = compare(&mut others, 1, &[1, 2, 3], None, 3, |_| {}).unwrap_err().to_string();
    assert!(error.contains("a vocabulary of 9"), "{error}");
}

#[test]
fn greedy_answers_end_and_say_how_clear_they_are() {
    let script = |state: &[u32]| {
        let mut logits = vec![0.0; VOCAB];
        (logits[state.len() % VOCAB], logits[0]) = (3.0, if state.len() == 4 { 2.5 } else { 1.0 });
        logits
    };
    let mut model = ScriptedModel::new(VOCAB, 25, script);
    model.max_rows = 2;
    let answer = greedy(&mut model, &[1, 1, 1], 8, &[5]).unwrap();
    let (ids, margins): (Vec<u32>, Vec<f32>) = answer.into_iter().map(|choice| (choice.id, choice.margin)).unzip();
    assert_eq!((ids, margins), (vec![3, 4, 5], vec![2.0, 0.5, 2.0]));
    assert_eq!(greedy(&mut model, &[1, 1, 1], 2, &[]).unwrap().len(), 2);
    assert!(matches!(greedy(&mut model, &[], 2, &[]), Err(LlmError::EmptyPrompt)));
}
