//! Packages of random weights.

use std::{fs, ops::ControlFlow, path::Path, sync::Arc};

use indexmap::IndexMap;
use sottovoce_convert::{Checkpoint, ConvertOptions, Quantize, Report, checkpoint::Config, convert, quantize::Form};
use sottovoce_graph::{InterpretOptions, Interpreter, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{CHECKPOINTS, CheckpointFixture, MaskInput, Split, checkpoint, masked_turns};

/// The shape of a tiny model among the fixtures.
fn tiny(name: &str) -> Config {
    Config::read(&checkpoint(&format!("{name}-hf")).join("config.json")).unwrap()
}

fn make(config: Config, quantize: Quantize, target: &Path) -> Report {
    let checkpoint = Checkpoint::random("tiny", config, quantize).unwrap();
    let options = ConvertOptions { quantize, ..ConvertOptions::default() };
    convert(&checkpoint, target, &options, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Logits of a few ids, by the interpreter in f16 as packages declare it.
fn logits(package: &Path, masks: &[MaskInput]) -> Vec<f32> {
    let package = Package::open(package).unwrap();
    let graph = lower(&package.program, package.interface("main").unwrap(), "main").unwrap();
    let zeros = |slot: &sottovoce_graph::ir::StateSlot| {
        let fact = graph.fact(slot.initial);
        (slot.name.clone(), Tensor::zeros(fact.dtype, fact.fixed_shape().unwrap()).unwrap())
    };
    let mut states: IndexMap<String, Tensor> = graph.states.iter().map(zeros).collect();
    let interpreter = Interpreter::new(graph, Arc::new(package), InterpretOptions { exact: false });
    let turn = &masked_turns(&[3, 14, 15, 92, 65, 35, 8], Split::Whole, masks)[0];
    interpreter.run(&turn.inputs, &mut states).unwrap()["logits"].to_f32_vec()
}

#[test]
fn activations_keep_their_size_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("tiny.mlpackage");
    for CheckpointFixture { name, context, masks, .. } in CHECKPOINTS {
        for quantize in [Quantize::F16, Quantize::Int8, Quantize::Int4] {
            make(Config { max_context: context, ..tiny(name) }, quantize, &target);
            let logits = logits(&target, masks);
            let rms = (logits.iter().map(|logit| logit * logit).sum::<f32>() / logits.len() as f32).sqrt();
            // Rows of deviation 1/√n times a normalised vector: about 1, and for Gemma, whose embedding is √n times as
            // large as the rows that logits come from, so is the part that passes straight through.
            assert!((0.5..2.0).contains(&rms), "{name} {quantize:?}: {rms}");
        }
    }
}

#[test]
fn codes_are_made_in_the_form_asked_for_and_not_rounded() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("tiny.mlpackage");
    for (quantize, codes) in [(Quantize::Int4, DType::I4), (Quantize::Int8, DType::I8)] {
        let report = make(tiny("llama"), quantize, &target);
        let (_, change) = report
            .changes
            .iter()
            .find(|((_, form), _)| *form == Form::Blocks { codes, block: 32, offsets: false })
            .unwrap();
        assert_eq!((change.tensors, change.error.max), (16, 0.0));
    }
    // Rows of 48 hold no whole number of blocks.
    let config = Config { intermediate: 48, ..tiny("llama") };
    let report = make(config, Quantize::Int4, &target);
    let halves: usize =
        report.changes.iter().filter(|((_, form), _)| *form == Form::F16).map(|(_, change)| change.tensors).sum();
    assert_eq!(halves, 2 + 5, "down projections and norms");
}

#[test]
fn the_same_weights_come_out_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let weights = |name: &str| {
        let target = folder.path().join(name);
        make(tiny("gemma"), Quantize::Int4, &target);
        fs::read(target.join("Data/com.apple.CoreML/weights/weight.bin")).unwrap()
    };
    assert_eq!(weights("a.mlpackage"), weights("b.mlpackage"));
}
