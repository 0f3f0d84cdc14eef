use indexmap::IndexMap;
use sottovoce_tensor::DType;

use super::*;
use crate::{
    description::{Feature, FeatureType, Flexibility, FunctionDescription, ModelDescription},
    program::Dimension,
};

fn named(name: &str, len: usize) -> NamedValueType {
    NamedValueType { name: name.to_owned(), ty: ValueType::Tensor(TensorType::fixed(DType::F32, &[len])) }
}

fn relu(x: &str, y: &str) -> Operation {
    Operation {
        kind: "relu".to_owned(),
        inputs: IndexMap::from([("x".to_owned(), vec![Binding::Name(x.to_owned())])]),
        outputs: vec![named(y, 2)],
        ..Operation::default()
    }
}

fn constant(value: Value) -> Operation {
    Operation {
        kind: "const".to_owned(),
        outputs: vec![NamedValueType { name: "c".to_owned(), ty: value.ty.clone() }],
        attributes: IndexMap::from([("val".to_owned(), value)]),
        ..Operation::default()
    }
}

fn body(operations: Vec<Operation>, output: &str) -> Function {
    let block = Block { operations, outputs: vec![output.to_owned()], ..Block::default() };
    Function {
        inputs: vec![named("x", 2)],
        opset: "CoreML8".to_owned(),
        block_specializations: IndexMap::from([("CoreML8".to_owned(), block)]),
        ..Function::default()
    }
}

fn reason(function: &Function) -> String {
    super::function("main", function).unwrap_err().to_string()
}

fn refused(operations: Vec<Operation>, output: &str) -> String {
    reason(&body(operations, output))
}

#[test]
fn a_sound_function_passes() {
    function("main", &body(vec![relu("x", "y"), relu("y", "z")], "z")).unwrap();
}

#[test]
fn names_are_defined_once_and_before_use() {
    assert_eq!(
        refused(vec![relu("y", "z")], "z"),
        "function `main`, operation `z` (relu): argument `x` is `y`, which nothing defines"
    );
    let cycle = refused(vec![relu("z", "y"), relu("y", "z")], "z");
    assert!(cycle.contains("operation `y` (relu): argument `x` is `z`, which it or a later operation"), "{cycle}");
    assert!(refused(vec![relu("y", "y")], "y").contains("a cycle"));
    assert!(refused(vec![relu("x", "y"), relu("x", "y")], "y").contains("defines `y`, which exists already"));
    assert!(refused(vec![relu("x", "x")], "x").contains("defines `x`, which exists already"));
    assert!(refused(vec![relu("x", "")], "x").contains("without a name"));
    assert!(refused(vec![], "y").contains("returns `y`, which nothing defines"));
}

#[test]
fn nested_blocks_see_outer_names_and_keep_their_own() {
    let branch = |input: &str, output: &str| Block {
        operations: vec![relu(input, output)],
        outputs: vec![output.to_owned()],
        ..Block::default()
    };
    let cond = |second: Block| Operation {
        kind: "cond".to_owned(),
        outputs: vec![named("y", 2)],
        blocks: vec![branch("x", "inner"), second],
        ..Operation::default()
    };
    function("main", &body(vec![cond(branch("x", "inner"))], "y")).unwrap();
    assert!(refused(vec![cond(branch("inner", "b"))], "y").contains("is `inner`, which nothing defines"));
    assert!(refused(vec![cond(branch("x", "b"))], "inner").contains("returns `inner`"));
}

#[test]
fn opsets_are_known_and_have_a_block() {
    let mut function = body(vec![], "x");
    function.opset = "CoreML7".to_owned();
    assert!(reason(&function).contains("has no block for its opset `CoreML7`"));
    function.opset = "CoreML99".to_owned();
    assert!(reason(&function).contains("unknown opset `CoreML99`; this version knows CoreML5"));
}

#[test]
fn literals_are_what_their_types_say() {
    let mut value = Value::from([1, 2, 3]);
    value.ty = ValueType::Tensor(TensorType::fixed(DType::I32, &[2]));
    assert!(refused(vec![constant(value)], "c").contains("attribute `val`: a int32 literal of shape [3] disagrees"));

    let mut value = Value::from([1, 2]);
    value.ty = ValueType::Tensor(TensorType::fixed(DType::F32, &[2]));
    assert!(refused(vec![constant(value)], "c").contains("disagrees"));

    let mut value = Value::string("a");
    value.data = ValueData::Strings(vec![]);
    assert!(refused(vec![constant(value)], "c").contains("a literal of 0 strings disagrees"));

    let mut value = Value::string("a");
    value.data = ValueData::Blob { file: "weight.bin".to_owned(), offset: 64 };
    assert!(refused(vec![constant(value)], "c").contains("strings cannot live in a weight file"));

    let mut value = Value::from(1);
    value.data = ValueData::List(vec![]);
    assert!(refused(vec![constant(value)], "c").contains("kind of the literal disagrees"));

    let mut operation = constant(Value::from(1));
    operation.outputs = vec![named("c", 2)];
    assert!(refused(vec![operation], "c").contains("not that of the attribute `val`"));

    let mut operation = constant(Value::from(1));
    operation.attributes.clear();
    assert!(refused(vec![operation], "c").contains("needs the attribute `val`"));
}

#[test]
fn ranks_match_dimensions_and_states_have_a_shape() {
    let mut function = body(vec![], "x");
    let mut ty = TensorType::fixed(DType::F32, &[2]);
    ty.rank = 3;
    function.inputs[0].ty = ValueType::Tensor(ty);
    assert!(reason(&function).contains("value `x`: rank 3 disagrees with 1 dimensions"));
    let unknown = TensorType::with_dimensions(DType::F32, vec![Dimension::Unknown { variadic: false }]);
    function.inputs[0].ty = ValueType::State(Box::new(ValueType::Tensor(unknown)));
    assert!(reason(&function).contains("a state wraps a tensor of known shape"));
}

fn feature(name: &str, dtype: DType, shape: &[usize]) -> Feature {
    Feature {
        name: name.to_owned(),
        short_description: String::new(),
        optional: false,
        ty: FeatureType::Array { dtype: Some(dtype), shape: shape.to_vec(), flexibility: Flexibility::Fixed },
    }
}

/// A function that returns its input `x`, with a state `cache` of shape [2].
fn stateful() -> (ModelDescription, Program) {
    let mut function = body(vec![], "x");
    let state = ValueType::State(Box::new(ValueType::Tensor(TensorType::fixed(DType::F16, &[2]))));
    function.inputs.push(NamedValueType { name: "cache".to_owned(), ty: state });
    let main = FunctionDescription {
        inputs: vec![feature("x", DType::F32, &[2])],
        outputs: vec![feature("x", DType::F32, &[])],
        states: vec![feature("cache", DType::F16, &[2])],
    };
    let program = Program { functions: IndexMap::from([("main".to_owned(), function)]), ..Program::default() };
    (ModelDescription { main, ..ModelDescription::default() }, program)
}

fn disagreement(change: impl FnOnce(&mut ModelDescription, &mut Program)) -> String {
    let (mut model, mut program) = stateful();
    description(&model, &program).unwrap();
    change(&mut model, &mut program);
    description(&model, &program).unwrap_err().to_string()
}

#[test]
fn the_description_fits_the_function() {
    let message = disagreement(|model, _| model.main.states[0] = feature("cache", DType::F16, &[3]));
    assert!(message.contains("function `main`, state `cache`: is described with shape [3], but is"), "{message}");
    let message = disagreement(|model, _| model.main.states[0] = feature("cache", DType::F32, &[2]));
    assert!(message.contains("state `cache`: is described as fp32, but is fp16"), "{message}");
    let message = disagreement(|model, _| model.main.states[0].name = "other".to_owned());
    assert!(message.contains("state `other`: is described, but the function has no such state"), "{message}");
    let message = disagreement(|model, _| model.main.states.clear());
    assert!(message.contains("input `cache` is not described"), "{message}");
    let message = disagreement(|model, _| model.main.inputs.append(&mut model.main.states));
    assert!(message.contains("is a state of the function"), "{message}");
    let message = disagreement(|model, _| model.main.inputs[0] = feature("x", DType::F32, &[2, 1]));
    assert!(message.contains("input `x`: is described with shape [2, 1]"), "{message}");
    let message = disagreement(|model, _| model.main.outputs[0].name = "y".to_owned());
    assert!(message.contains("output `y`: is described, but the function does not return it"), "{message}");
}

#[test]
fn described_functions_exist() {
    let message = disagreement(|_, program| drop(program.functions.shift_remove("main")));
    assert!(message.contains("a function `main`, which the program does not have"), "{message}");
    let message = disagreement(|model, _| {
        model.functions.insert("prefill".to_owned(), model.main.clone());
    });
    assert!(message.contains("names a function `prefill`, which is not there"), "{message}");
    let message = disagreement(|model, _| {
        model.functions.insert("main".to_owned(), model.main.clone());
        model.default_function = "decode".to_owned();
    });
    assert!(message.contains("the default function `decode` is not described"), "{message}");
}
