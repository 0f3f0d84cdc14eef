//! Every package that Apple's converter made, through the interpreter, against PyTorch's logits.

use std::sync::Arc;

use indexmap::IndexMap;
use sottovoce_graph::{Graph, InterpretOptions, Interpreter, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{Fixture, Logits, Split, Tolerance, assert_close, drive, fixtures};

const SPLITS: [Split; 3] = [Split::Whole, Split::TokenByToken, Split::Uneven { seed: 7 }];

fn graph(package: &Package) -> Graph {
    lower(&package.program, package.interface("main").unwrap(), "main").unwrap()
}

fn zero_states(graph: &Graph) -> IndexMap<String, Tensor> {
    let zeros = |slot: &sottovoce_graph::ir::StateSlot| {
        let fact = graph.fact(slot.initial);
        (slot.name.clone(), Tensor::zeros(fact.dtype, fact.fixed_shape().unwrap()).unwrap())
    };
    graph.states.iter().map(zeros).collect()
}

fn logits(fixture: &Fixture, split: Split, exact: bool) -> Logits {
    let package = Package::open(&fixture.package).unwrap();
    let graph = graph(&package);
    let mut states = zero_states(&graph);
    let interpreter = Interpreter::new(graph, Arc::new(package), InterpretOptions { exact });
    drive(fixture, split, |inputs| interpreter.run(inputs, &mut states).unwrap_or_else(|error| panic!("{error}")))
}

/// Largest error as a share of the largest logit.
fn error(found: &Logits, expected: &Logits) -> f32 {
    let largest = expected.values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let errors = found.values.iter().zip(&expected.values).map(|(a, b)| (a - b).abs());
    errors.fold(0f32, f32::max) / largest
}

/// `llama-long` spells positions beyond 2,048 steps of f16 and needs the pass that computes angles in f32.
fn short() -> impl Iterator<Item = Fixture> {
    fixtures().into_iter().filter(|fixture| fixture.name != "llama-long")
}

#[test]
fn f16_mode_gives_the_logits_of_pytorch() {
    for fixture in short() {
        for split in SPLITS {
            let what = format!("{} {split:?}", fixture.name);
            assert_close(&logits(&fixture, split, false), &fixture.logits, Tolerance::F16, &what);
        }
    }
}

#[test]
fn exact_mode_gives_the_logits_of_pytorch_more_closely() {
    for fixture in short() {
        for split in SPLITS {
            let what = format!("{} {split:?}", fixture.name);
            let exact = logits(&fixture, split, true);
            // Not `Tolerance::Exact`: PyTorch's rotary frequencies are not rounded to f16 as the package's are, which turns
            // the angles of position 8 by up to 8·2^-12, half of that tolerance by itself.
            assert_close(&exact, &fixture.logits, Tolerance::F16, &what);
            let rounded = logits(&fixture, split, false);
            let (exact, rounded) = (error(&exact, &fixture.logits), error(&rounded, &fixture.logits));
            println!("{what}: exact {exact:.6}, f16 {rounded:.6}");
            assert!(exact < rounded, "{what}: exact mode is off by {exact}, f16 mode by {rounded}");
        }
    }
}
