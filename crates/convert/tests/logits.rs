//! Converted packages through the reference interpreter, against PyTorch's logits for the checkpoint.

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::Arc,
};

use indexmap::IndexMap;
use sottovoce_convert::{Checkpoint, ConvertOptions, Variant, convert};
use sottovoce_graph::{InterpretOptions, Interpreter, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{
    CHECKPOINTS, FOLDERS_WITH_WINDOWS, Fixture, Interface, Logits, MaskInput, Split, Tolerance, answers, assert_close,
    checkpoint, drive,
};

/// Converts a checkpoint into `folder`.
fn convert_to(folder: &Path, source: &Path, variant: Variant, context: usize) -> PathBuf {
    let package = folder.join("model.mlpackage");
    let options = ConvertOptions { variant, context: Some(context), ..ConvertOptions::default() };
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

/// Three windows of text: in all layers, which then take one mask, or in some.
#[test]
fn windows_of_any_layers_give_the_logits_of_transformers() {
    let folder = tempfile::tempdir().unwrap();
    for tiny in FOLDERS_WITH_WINDOWS {
        let [source, _] = tiny.sources();
        let fixture = tiny.answered(convert_to(folder.path(), &source, Variant::Stateful, tiny.context));
        for split in [Split::Whole, Split::TokenByToken] {
            assert_close(
                &logits(&fixture, split),
                &fixture.logits,
                Tolerance::Exact,
                &format!("{} {split:?}", tiny.name),
            );
        }
    }
}
