//! Perplexity over windows against a direct sum.

mod common;

use common::ScriptedModel;
use proptest::prelude::*;
use sottovoce_llm::LlmError;
use sottovoce_llm::evaluate::{Windows, perplexity};

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
