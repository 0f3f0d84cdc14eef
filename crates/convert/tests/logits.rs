//! Converted packages through the reference interpreter, against PyTorch's logits for the checkpoint.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use indexmap::IndexMap;
use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, Variant, convert};
use sottovoce_graph::{InterpretOptions, Interpreter, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{
    CHECKPOINTS, Fixture, Interface, Logits, MaskInput, Split, Tolerance, answers, assert_close, checkpoint, drive,
};

/// Converts a checkpoint into `folder`.
fn convert_to(folder: &Path, source: &Path, variant: Variant, context: usize) -> PathBuf {
    let package = folder.join("model.mlpackage");
    let options = ConvertOptions { quantize: Quantize::Keep, variant, context: Some(context) };
    let checkpoint = Checkpoint::open(source).unwrap();
    convert(&checkpoint, &package, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    package
}

/// A package that keeps its caches as `variant` says, in the place of the stateful one that the answers are for.
fn with_variant(fixture: Fixture, variant: Variant, source: &Path) -> Fixture {
    let interface = match variant {
        Variant::Stateful => Interface::Stateful,
        Variant::KvIo => {
            let config = Checkpoint::open(source).unwrap().config;
            Interface::CacheAsInput { one: [config.layers.len(), 1, config.kv_heads, 1, config.head_dim] }
        }
        Variant::Baseline => Interface::Baseline,
    };
    Fixture { interface, ..fixture }
}

/// Logits in exact mode: what is tested is the program, not the rounding of an f16 engine.
fn logits(fixture: &Fixture, split: Split) -> Logits {
    let package = Package::open(&fixture.package).unwrap();
    let graph = lower(&package.program, package.interface("main").unwrap(), "main").unwrap();
    let zeros = |slot: &sottovoce_graph::ir::StateSlot| {
        let fact = graph.fact(slot.initial);
        (slot.name.clone(), Tensor::zeros(fact.dtype, fact.fixed_shape().unwrap()).unwrap())
    };
    let mut states: IndexMap<String, Tensor> = graph.states.iter().map(zeros).collect();
    let interpreter = Interpreter::new(graph, Arc::new(package), InterpretOptions { exact: true });
    drive(fixture, split, |inputs| interpreter.run(inputs, &mut states).unwrap_or_else(|error| panic!("{error}")))
}

#[test]
fn every_architecture_and_source_gives_the_logits_of_transformers() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in CHECKPOINTS {
        for source in tiny.sources() {
            let fixture = tiny.answered(convert_to(folder.path(), &source, Variant::Stateful, tiny.context));
            for split in [Split::Whole, Split::TokenByToken, Split::Uneven { seed: 3 }] {
                let what = format!("{} {split:?}", source.display());
                assert_close(&logits(&fixture, split), &fixture.logits, Tolerance::Exact, &what);
            }
        }
    }
}

/// transformers turns by the short factors as long as a sequence fits the context that Phi-3 began with.
#[test]
fn packages_for_a_short_context_have_the_short_factors() {
    let folder = tempfile::tempdir().unwrap();
    let (ids, expected) = answers("phi3", "short_logits");
    let context = expected.rows();
    for source in ["phi3-hf", "phi3.gguf"] {
        let package = convert_to(folder.path(), &checkpoint(source), Variant::Stateful, context);
        let (interface, masks) = (Interface::Stateful, vec![MaskInput::CAUSAL]);
        let (ids, logits_of) = (ids[..context].to_vec(), expected.clone());
        let fixture = Fixture { name: source, interface, masks, context, package, ids, logits: logits_of };
        assert_close(&logits(&fixture, Split::Whole), &expected, Tolerance::Exact, source);
    }
}

#[test]
fn every_variant_gives_the_logits_of_transformers() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in CHECKPOINTS.into_iter().filter(|tiny| ["llama", "gemma2", "gemma3"].contains(&tiny.name)) {
        let [_, source] = tiny.sources();
        for variant in [Variant::KvIo, Variant::Baseline] {
            let package = convert_to(folder.path(), &source, variant, tiny.context);
            let fixture = with_variant(tiny.answered(package), variant, &source);
            for split in [Split::Whole, Split::Uneven { seed: 3 }] {
                let what = format!("{} {variant:?} {split:?}", tiny.name);
                assert_close(&logits(&fixture, split), &fixture.logits, Tolerance::Exact, &what);
            }
        }
    }
}

#[test]
fn a_model_whose_layers_all_have_a_window_takes_one_mask() {
    let folder = tempfile::tempdir().unwrap();
    let source = checkpoint("mistral-hf");
    let package = convert_to(folder.path(), &source, Variant::Stateful, 64);
    let (ids, expected) = answers("mistral", "logits");
    let masks = vec![MaskInput { name: "slidingAttentionMask", window: Some(16) }];
    let (interface, logits_of) = (Interface::Stateful, expected.clone());
    let fixture = Fixture { name: "mistral", interface, masks, context: 64, package, ids, logits: logits_of };
    for split in [Split::Whole, Split::TokenByToken] {
        assert_close(&logits(&fixture, split), &expected, Tolerance::Exact, &format!("{split:?}"));
    }
}

/// The answers hold the weights as the GGUF file does. Carrying them over rounds the offsets of two of nine kinds of
/// matrices, an error of about 5e-4 of their weights (the report says so); the sharp attention of random weights makes ten
/// times as much of it at worst.
#[test]
fn carried_weights_give_the_logits_of_the_quantised_model() {
    let folder = tempfile::tempdir().unwrap();
    let package = convert_to(folder.path(), &checkpoint("llama-mixed.gguf"), Variant::Stateful, 64);
    let (ids, expected) = answers("llama-mixed", "logits");
    let (interface, masks) = (Interface::Stateful, vec![MaskInput::CAUSAL]);
    let fixture = Fixture { name: "llama-mixed", interface, masks, context: 64, package, ids, logits: expected };
    let found = logits(&fixture, Split::Whole);
    let largest = fixture.logits.values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let errors = found.values.iter().zip(&fixture.logits.values).map(|(a, b)| (a - b).abs());
    let share = errors.fold(0f32, f32::max) / largest;
    assert!(share <= 10.0 * 5e-4, "{share}");
}
