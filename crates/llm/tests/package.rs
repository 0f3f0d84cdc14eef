//! Packages that Apple's converter made, driven as language models: PyTorch's logits, however the prompt is cut.

mod common;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use common::logits;
use sottovoce_convert::{Checkpoint, ConvertOptions, SLIDING_WINDOW, Variant, convert};
use sottovoce_llm::package::{Cache, LanguageInterface, PackageModel};
use sottovoce_llm::{LanguageModel, LlmError};
use sottovoce_mil::Package;
use sottovoce_runtime::{BatchMemory, LoadOptions, Model, Precision};
use sottovoce_testkit::{CHECKPOINTS, Fixture, Interface, Logits, Tolerance, assert_close, fixtures};

fn sequence(fixture: &Fixture) -> PackageModel {
    let options = LoadOptions { precision: Precision::Exact, threads: Some(1), ..LoadOptions::default() };
    let model = Model::load(&fixture.package, &options).unwrap();
    PackageModel::new(Arc::new(model)).unwrap()
}

fn ids(fixture: &Fixture) -> Vec<u32> {
    fixture.ids.iter().map(|&id| id as u32).collect()
}

/// One package of each interface and architecture; the runtime's own tests go through all of them.
fn chosen() -> Vec<Fixture> {
    let names = ["llama-fp16", "llama-int4", "gemma-fp16", "llama-kvio", "llama-baseline"];
    let chosen: Vec<Fixture> = fixtures().into_iter().filter(|fixture| names.contains(&fixture.name)).collect();
    assert_eq!(chosen.len(), names.len());
    chosen
}

#[test]
fn interfaces_are_recognised() {
    for fixture in chosen() {
        let model = sequence(&fixture);
        let (cache, context) = match fixture.interface {
            Interface::Stateful => (matches!(model.interface().cache, Cache::State(_)), 64),
            // One position is taken by the placeholder.
            Interface::CacheAsInput { .. } => {
                (matches!(&model.interface().cache, Cache::Inputs(caches) if caches.len() == 2), 63)
            }
            Interface::Baseline => (matches!(model.interface().cache, Cache::Nowhere), 64),
        };
        assert!(cache, "{}: {}", fixture.name, model.interface());
        assert_eq!((model.context(), model.vocab_size()), (context, fixture.logits.width), "{}", fixture.name);
    }
}

#[test]
fn logits_are_pytorchs_however_the_prompt_is_cut() {
    for fixture in chosen() {
        let mut model = sequence(&fixture);
        let ids = ids(&fixture);
        for sizes in [&[9][..], &[1; 9], &[4, 1, 3, 1]] {
            model.rewind(0);
            let found = logits(&mut model, &ids, sizes);
            assert_close(&found, &fixture.logits, Tolerance::Exact, &format!("{} in {sizes:?}", fixture.name));
        }
    }
}

/// Sequences that go on in one call have, bit for bit, the logits that each has alone; a call that does not fit leaves them.
#[test]
fn sequences_go_on_together() {
    let fixture = chosen().swap_remove(0);
    let mut alone = sequence(&fixture);
    let mut together = vec![alone.clone(), alone.clone()];
    let ids = ids(&fixture);
    let mut memory = BatchMemory::default();
    for new in [[&ids[..5], &ids[2..6]], [&ids[5..6], &ids[6..7]]] {
        PackageModel::forward_together(&mut together, &new, &mut memory).unwrap();
    }
    let found: Vec<Vec<f32>> = together.iter().map(|sequence| sequence.logits().to_vec()).collect();
    for (range, found) in [(0..6, &found[0]), (2..7, &found[1])] {
        alone.rewind(0);
        assert_eq!(alone.forward(&ids[range]).unwrap(), found);
    }
    let vocabulary = alone.vocab_size() as u32;
    let error = PackageModel::forward_together(&mut together, &[&ids[..1], &[vocabulary]], &mut memory);
    assert!(matches!(error, Err(LlmError::IdOutOfRange { .. })), "{error:?}");
    assert_eq!([together[0].len(), together[1].len()], [6, 5]);
    let caches = fixtures().into_iter().find(|fixture| fixture.name == "llama-kvio").unwrap();
    let error = PackageModel::forward_together(&mut [sequence(&caches)], &[&ids[..1]], &mut memory);
    assert!(error.unwrap_err().to_string().contains("need states"));
}

#[test]
fn the_last_row_alone_is_the_same() {
    for fixture in chosen() {
        let mut model = sequence(&fixture);
        let ids = ids(&fixture);
        let (prompt, rest) = ids.split_at(5);
        let mut values = model.forward(prompt).unwrap().to_vec();
        for &id in rest {
            values.extend_from_slice(model.forward(&[id]).unwrap());
        }
        let found = Logits { values, width: model.vocab_size() };
        assert_close(&found, &fixture.logits.tail(5), Tolerance::Exact, fixture.name);
    }
}

#[test]
fn a_rewound_sequence_forgets() {
    for fixture in chosen() {
        let mut model = sequence(&fixture);
        let ids = ids(&fixture);
        let straight = logits(&mut model, &ids, &[9]);
        // Other tokens in between, of which nothing may be left.
        model.rewind(3);
        model.forward(&[1, 2, 3, 4]).unwrap();
        model.rewind(3);
        assert_eq!(model.len(), 3);
        let mut values = straight.values[..3 * straight.width].to_vec();
        values.extend(logits(&mut model, &ids[3..], &[6]).values);
        let found = Logits { values, width: straight.width };
        assert_close(&found, &fixture.logits, Tolerance::Exact, fixture.name);
    }
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    for fixture in chosen() {
        let mut model = sequence(&fixture);
        let ids = ids(&fixture);
        model.forward(&ids[..4]).unwrap();
        let vocab = model.vocab_size();
        assert!(matches!(model.forward(&[]), Err(LlmError::EmptyPrompt)));
        assert!(matches!(model.forward(&[1, vocab as u32]), Err(LlmError::IdOutOfRange { .. })));
        assert!(matches!(model.forward(&[0; 64]), Err(LlmError::PromptTooLong { tokens: 68, .. })));
        assert_eq!(model.len(), 4);
        let found = logits(&mut model, &ids[4..], &[5]);
        assert_close(&found, &fixture.logits.tail(5), Tolerance::Exact, fixture.name);
    }
}

#[test]
fn the_whole_context_can_be_used() {
    for fixture in chosen() {
        let mut model = sequence(&fixture);
        let context = model.context();
        model.forward(&vec![1; context - 1]).unwrap();
        model.forward(&[2]).unwrap();
        assert!(matches!(model.forward(&[3]), Err(LlmError::PromptTooLong { .. })), "{}", fixture.name);
    }
}

/// Models with windows of eight positions, and prompts of three times as many.
fn with_windows(folder: &Path, variant: Variant) -> Vec<Fixture> {
    let windows = CHECKPOINTS.into_iter().filter(|tiny| tiny.masks.len() == 2);
    let converted = windows.map(|tiny| {
        let package = folder.join(format!("{}-{variant:?}.mlpackage", tiny.name));
        let options = ConvertOptions { variant, context: Some(tiny.context), ..ConvertOptions::default() };
        let checkpoint = Checkpoint::open(&tiny.sources()[0]).unwrap();
        convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        tiny.answered(package)
    });
    converted.collect()
}

#[test]
fn layers_with_a_window_see_no_further() {
    let folder = tempfile::tempdir().unwrap();
    for variant in [Variant::Stateful, Variant::KvIo, Variant::Baseline] {
        for fixture in with_windows(folder.path(), variant) {
            let mut model = sequence(&fixture);
            let ids = ids(&fixture);
            for sizes in [&[24][..], &[1; 24], &[3, 9, 1, 1, 10]] {
                model.rewind(0);
                let found = logits(&mut model, &ids, sizes);
                let what = format!("{} {variant:?} in {sizes:?}", fixture.name);
                assert_close(&found, &fixture.logits, Tolerance::Exact, &what);
            }
        }
    }
}

#[test]
fn a_window_that_is_not_told_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for fixture in with_windows(folder.path(), Variant::Stateful) {
        let mut package = Package::open(&fixture.package).unwrap();
        for wrong in [None, Some("0"), Some("wide")] {
            let facts = &mut Arc::make_mut(&mut package.description).metadata.user_defined;
            match wrong {
                None => _ = facts.shift_remove(SLIDING_WINDOW),
                Some(text) => _ = facts.insert(SLIDING_WINDOW.to_owned(), text.to_owned()),
            }
            let error = LanguageInterface::of(&package, "main").unwrap_err().to_string();
            assert!(error.contains("slidingAttentionMask") && error.contains(SLIDING_WINDOW), "{error}");
        }
    }
}
