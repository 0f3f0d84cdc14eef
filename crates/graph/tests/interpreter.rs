//! What the interpreter asks of its caller, and what it leaves behind when a call fails.

use std::sync::Arc;

use indexmap::IndexMap;
use sottovoce_graph::{Graph, GraphError, InterpretOptions, Interpreter, NoWeights, lower};
use sottovoce_mil::Package;
use sottovoce_tensor::{DType, Tensor};
use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

const CACHE: [usize; 5] = [2, 1, 2, 64, 16];

struct Model {
    package: Package,
    graph: Graph,
}

impl Model {
    fn new() -> Self {
        let package = Package::open(&fixtures_dir().join("coremltools/llama-fp16.mlpackage")).unwrap();
        let graph = lower(&package.program, package.interface("main").unwrap(), "main").unwrap();
        Self { package, graph }
    }

    fn interpreter(&self, exact: bool) -> Interpreter {
        Interpreter::new(self.graph.clone(), Arc::new(self.package.clone()), InterpretOptions { exact })
    }

    fn run(
        &self,
        inputs: &IndexMap<String, Tensor>,
        states: &mut IndexMap<String, Tensor>,
    ) -> Result<IndexMap<String, Tensor>, GraphError> {
        self.interpreter(false).run(inputs, states)
    }
}

fn inputs(ids: &[i32], kv: usize) -> IndexMap<String, Tensor> {
    IndexMap::from([
        ("inputIds".to_owned(), Tensor::from_slice([1, ids.len()], ids).unwrap()),
        ("causalMask".to_owned(), causal_mask(ids.len(), kv, MASKED)),
    ])
}

fn states() -> IndexMap<String, Tensor> {
    ["keyCache", "valueCache"].map(|name| (name.to_owned(), Tensor::zeros(DType::F16, CACHE).unwrap())).into()
}

fn failure(inputs: &IndexMap<String, Tensor>, mut states: IndexMap<String, Tensor>) -> String {
    Model::new().run(inputs, &mut states).unwrap_err().to_string()
}

#[test]
fn inputs_have_to_be_those_of_the_function() {
    let mut missing = inputs(&[1, 2], 2);
    missing.swap_remove("causalMask");
    let mut unknown = inputs(&[1, 2], 2);
    unknown.insert("inputIDs".into(), Tensor::scalar(1i32));
    let mut other_type = inputs(&[1, 2], 2);
    other_type.insert("inputIds".into(), Tensor::from_slice([1, 2], &[1f32, 2.0]).unwrap());
    let mut other_rank = inputs(&[1, 2], 2);
    other_rank.insert("inputIds".into(), Tensor::from_slice([2], &[1i32, 2]).unwrap());
    let mut other_size = inputs(&[1, 2], 2);
    other_size.insert("inputIds".into(), Tensor::from_slice([2, 1], &[1i32, 2]).unwrap());
    for (inputs, expected) in [
        (missing, "input 'causalMask': expected fp16 [1, 1, s0, s2], found nothing"),
        (unknown, "input 'inputIDs': expected one of inputIds, causalMask, found an unknown name"),
        (other_type, "input 'inputIds': expected int32 [1, s0], found fp32 [1, 2]"),
        (other_rank, "input 'inputIds': expected int32 [1, s0], found int32 [2]"),
        (other_size, "input 'inputIds': expected int32 [1, s0], found int32 [2, 1]"),
        (inputs(&[1; 65], 65), "input 'inputIds': expected a size of 1 to 64 in dimension 1, found 65"),
    ] {
        let found = failure(&inputs, states());
        assert!(found.contains(expected), "expected '{expected}' in '{found}'");
    }
}

#[test]
fn sizes_have_to_keep_the_rules_that_shapes_rely_on() {
    let mut disagreeing = inputs(&[1, 2], 4);
    disagreeing.insert("causalMask".into(), causal_mask(3, 4, MASKED));
    let found = failure(&disagreeing, states());
    assert!(found.contains("dimension 2 of 'causalMask' = dimension 1 of 'inputIds', found 3 and 2"), "{found}");
    let mut negative_past = inputs(&[1, 2, 3], 3);
    negative_past.insert("causalMask".into(), Tensor::zeros(DType::F16, [1, 1, 3, 2]).unwrap());
    let found = failure(&negative_past, states());
    assert!(found.contains("0 <= -s0 + s2, with s0 = 3") && found.contains("s2 = 2"), "{found}");
}

#[test]
fn states_have_to_be_those_of_the_function() {
    let mut missing = states();
    missing.swap_remove("valueCache");
    let mut other_shape = states();
    other_shape.insert("keyCache".into(), Tensor::zeros(DType::F16, [2, 1, 2, 32, 16]).unwrap());
    let mut other_type = states();
    other_type.insert("keyCache".into(), Tensor::zeros(DType::F32, CACHE).unwrap());
    for (states, expected) in [
        (missing, "state 'valueCache': expected fp16 [2, 1, 2, 64, 16], found nothing"),
        (other_shape, "found fp16 [2, 1, 2, 32, 16]"),
        (other_type, "found fp32 [2, 1, 2, 64, 16]"),
    ] {
        let found = failure(&inputs(&[1, 2], 2), states);
        assert!(found.contains(expected), "expected '{expected}' in '{found}'");
    }
}

#[test]
fn a_failed_call_leaves_the_states_alone() {
    let (model, mut states) = (Model::new(), states());
    model.run(&inputs(&[5, 6, 7], 3), &mut states).unwrap();
    let before = states.clone();
    // Ids beyond the vocabulary of 320 fail in the first operation that needs the sizes, after the rules were checked.
    let error = model.run(&inputs(&[5, 320], 5), &mut states).unwrap_err().to_string();
    assert!(error.contains("indices below 320, the size of the axis, found 320"), "{error}");
    assert_eq!(states, before);
    model.run(&inputs(&[8], 4), &mut states).unwrap();
    assert_ne!(states, before);
}

#[test]
fn only_the_rows_of_the_call_change_in_the_cache() {
    let (model, mut states) = (Model::new(), states());
    model.run(&inputs(&[5, 6, 7], 3), &mut states).unwrap();
    let before = states["keyCache"].to_f32_vec();
    model.run(&inputs(&[8, 9], 5), &mut states).unwrap();
    for (index, (old, new)) in before.into_iter().zip(states["keyCache"].to_f32_vec()).enumerate() {
        let row = index / CACHE[4] % CACHE[3];
        assert!(old == new || (3..5).contains(&row), "row {row} changed from {old} to {new}");
        assert!(new == 0.0 || row < 5, "row {row} was written");
    }
}

#[test]
fn states_keep_their_type_in_exact_mode() {
    let (model, mut states) = (Model::new(), states());
    let interpreter = model.interpreter(true);
    let outputs = interpreter.run(&inputs(&[5, 6, 7], 3), &mut states).unwrap();
    assert_eq!(states["keyCache"].dtype(), DType::F16);
    assert_eq!(outputs["logits"].dtype(), DType::F32);
}

#[test]
fn without_its_weight_file_a_package_does_not_run() {
    let model = Model::new();
    let interpreter = Interpreter::new(model.graph, Arc::new(NoWeights), InterpretOptions::default());
    let error = interpreter.run(&inputs(&[5], 1), &mut states()).unwrap_err().to_string();
    assert!(error.contains("weight.bin is not there"), "{error}");
}
