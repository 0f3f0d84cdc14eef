//! With packages that Apple's converter made: every form of weights and every interface.

use std::sync::Arc;

use sottovoce_llm::LanguageModel;
use sottovoce_llm::generate::{GenerateOptions, Session};
use sottovoce_llm::package::PackageModel;
use sottovoce_llm::sampling::Sampling;
use sottovoce_llm::speculate::DraftModel;
use sottovoce_runtime::{BackendKind, LoadOptions, Model, Precision};
use sottovoce_testkit::{Interface, fixtures};

use crate::assert_same;
use crate::common::byte_tokenizer;

#[test]
fn nothing_but_the_time_changes() {
    for fixture in fixtures() {
        for precision in [Precision::Fast, Precision::Exact] {
            let options = LoadOptions { precision, threads: Some(2), ..LoadOptions::default() };
            let model = Arc::new(Model::load(&fixture.package, &options).unwrap());
            let sequence = || PackageModel::new(Arc::clone(&model)).unwrap();
            let alone = || Session::new(sequence(), byte_tokenizer());
            // Random weights do not repeat what they were given: guesses are wrong alone, and right with the model as
            // its own draft.
            let drafted = || {
                let mut session = alone();
                session.set_draft(DraftModel::new(Box::new(sequence()), &byte_tokenizer(), &byte_tokenizer()).unwrap());
                session
            };
            // Twice the same, as text that is edited is. The long one goes over several chunks of attention.
            let half = fixture.ids.len().min(if fixture.context > 64 { 100 } else { 9 });
            let half: Vec<u32> = fixture.ids[..half].iter().map(|&id| id as u32).collect();
            let prompt = [&half[..], &half].concat();
            let warm = Sampling { temperature: 0.7, top_k: Some(4), seed: 3, ..Sampling::GREEDY };
            let mut counts = (0, 0);
            for sampling in [Sampling { log_probabilities: Some(1), ..Sampling::GREEDY }, warm] {
                let options = GenerateOptions {
                    sampling,
                    // To the end of the context of the small ones.
                    max_tokens: Some(60),
                    ..GenerateOptions::default()
                };
                for (guessed, accepted) in
                    [assert_same(alone, &prompt, &options, None), assert_same(drafted, &prompt, &options, None)]
                {
                    counts = (counts.0 + guessed, counts.1 + accepted);
                }
            }
            let rows = sequence().independent_rows();
            if fixture.interface == Interface::Baseline {
                assert_eq!((rows, counts), (1, (0, 0)), "{}", fixture.name);
            } else {
                assert_eq!(rows, 8, "{}", fixture.name);
                assert!(counts.0 > counts.1 && counts.1 > 0, "{}: {counts:?}", fixture.name);
            }
        }
    }
}

#[test]
fn the_reference_promises_nothing() {
    let fixture = fixtures().into_iter().find(|fixture| fixture.name == "llama-fp16").unwrap();
    let options = LoadOptions { backend: Some(BackendKind::Reference), ..LoadOptions::default() };
    let model = PackageModel::new(Arc::new(Model::load(&fixture.package, &options).unwrap())).unwrap();
    assert_eq!(model.independent_rows(), 1);
}
