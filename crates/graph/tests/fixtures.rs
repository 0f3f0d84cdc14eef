//! Every package that Apple's converter made, through the interpreter, against PyTorch's logits.

use std::sync::Arc;

use indexmap::IndexMap;
use sottovoce_graph::{Graph, InterpretOptions, Interpreter, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;
use sottovoce_testkit::{Fixture, Logits, Split, Tolerance, check_close, drive, fixtures};

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

/// `llama-long` spells positions beyond 2,048 steps of f16 and needs the pass that computes angles in f32.
fn short() -> impl Iterator<Item = Fixture> {
    fixtures().into_iter().filter(|fixture| fixture.name != "llama-long")
}

/// Largest error as a share of the largest logit.
fn error(fixture: &Fixture, split: Split, exact: bool) -> f32 {
    let tolerance = if exact { Tolerance::Exact } else { Tolerance::F16 };
    let checked = check_close(&logits(fixture, split, exact), &fixture.logits, tolerance);
    checked.unwrap_or_else(|message| panic!("{} {split:?}, exact {exact}: {message}", fixture.name))
}

#[test]
fn both_modes_give_the_logits_of_pytorch_and_exact_mode_comes_closer() {
    for fixture in short() {
        for split in SPLITS {
            let (exact, rounded) = (error(&fixture, split, true), error(&fixture, split, false));
            assert!(exact < rounded, "{} {split:?}: exact {exact}, f16 {rounded}", fixture.name);
        }
    }
}
