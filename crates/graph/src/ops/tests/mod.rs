//! Tests that go through inference and evaluation of one operation.

mod arbitrary;
mod coremltools;
mod errors;
mod properties;

use std::sync::Arc;

use indexmap::IndexMap;
use sottovoce_tensor::Tensor;

use crate::{
    error::GraphError,
    infer::{infer, infer_node, operation_error},
    interpret::{InterpretOptions, Interpreter, NoWeights},
    ir::{Arg, Dim, Fact, Graph, Output, SymbolRange},
    op::OpDef,
    ops,
};

/// An argument of the operation under test.
#[derive(Clone, Debug)]
pub enum Given {
    /// A tensor of the program.
    Constant(Tensor),
    /// An input of fixed shape.
    Input(Tensor),
    /// An input whose sizes are flexible, but for those of 1, which are assumed not to broadcast.
    Flexible(Tensor),
    /// The constants of a variadic parameter.
    List(Vec<Tensor>),
    /// A string.
    Text(&'static str),
}

/// A graph of one operation with its inputs.
pub struct Single {
    /// The graph.
    pub graph: Graph,
    inputs: IndexMap<String, Tensor>,
}

impl Single {
    /// Builds and infers it.
    pub fn new(name: &str, args: &[(&str, Given)]) -> Result<Self, GraphError> {
        let op = ops::find(name).unwrap_or_else(|| panic!("no operation {name}"));
        let mut single = Self { graph: Graph::new("test"), inputs: IndexMap::new() };
        let args = args.iter().map(|(param, given)| (param_name(op, param), single.arg(param, given))).collect();
        let graph = &mut single.graph;
        let count = usize::from(op.name.contains("_sparse") && !op.name.ends_with("to_dense")) + 1;
        let results = |count: usize| {
            (0..count).map(|index| (format!("result{index}"), Fact::new(sottovoce_tensor::DType::F32, vec![])))
        };
        let mut id = graph.add_node(op, args, results(count));
        if op.name == "split" {
            // The number of results is in the arguments; inference says how many there should have been.
            let node = graph.node(id).clone();
            let facts = (op.infer)(&mut crate::op::InferContext { graph, node: &node });
            let facts = facts.map_err(|source| operation_error(graph, id, "test", source))?;
            id = graph.add_node(op, node.args, results(facts.len()));
        }
        infer_node(graph, id).map_err(|source| operation_error(graph, id, "test", source))?;
        for value in graph.node(id).outputs.clone() {
            graph.outputs.push(Output { name: graph.value(value).name.clone(), value });
        }
        infer(graph, "test")?;
        Ok(single)
    }

    fn arg(&mut self, param: &str, given: &Given) -> Arg {
        let graph = &mut self.graph;
        match given {
            Given::Constant(tensor) => Arg::Value(graph.add_tensor(param, tensor.clone())),
            Given::List(tensors) => {
                Arg::List(tensors.iter().map(|tensor| graph.add_tensor(param, tensor.clone())).collect())
            }
            Given::Text(text) => Arg::Text((*text).to_owned()),
            Given::Input(tensor) | Given::Flexible(tensor) => {
                let flexible = matches!(given, Given::Flexible(_));
                let mut dim = |size: usize| match flexible && size != 1 {
                    true => graph.symbols.add(param, SymbolRange { min: 1, max: Some(64) }).into(),
                    false => Dim::from(size),
                };
                let shape = tensor.shape().iter().map(|&size| dim(size)).collect();
                self.inputs.insert(param.to_owned(), tensor.clone());
                Arg::Value(graph.add_input(param, Fact::new(tensor.dtype(), shape)))
            }
        }
    }

    /// Runs it.
    pub fn run(&self, exact: bool) -> Result<Vec<Tensor>, GraphError> {
        let interpreter = Interpreter::new(self.graph.clone(), Arc::new(NoWeights), InterpretOptions { exact });
        Ok(interpreter.run(&self.inputs, &mut IndexMap::new())?.into_values().collect())
    }

    /// Facts of the results.
    pub fn facts(&self) -> Vec<Fact> {
        self.graph.outputs.iter().map(|output| self.graph.fact(output.value).clone()).collect()
    }
}

fn param_name(op: &'static OpDef, name: &str) -> &'static str {
    let param = op.params.iter().find(|param| param.name == name);
    param.unwrap_or_else(|| panic!("{} has no parameter {name}", op.name)).name
}

/// The single result of an operation on constants.
pub fn eval(name: &str, args: &[(&str, Given)]) -> Result<Tensor, GraphError> {
    Ok(Single::new(name, args)?.run(false)?.remove(0))
}

/// A constant vector of integers.
pub fn ints(values: &[i32]) -> Given {
    Given::Constant(Tensor::from_slice([values.len()], values).unwrap())
}

/// A constant integer.
pub fn int(value: i32) -> Given {
    Given::Constant(Tensor::scalar(value))
}

/// A constant tensor of consecutive numbers.
pub fn counting(shape: &[usize]) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::from_slice(shape, &(0..len).map(|index| index as f32).collect::<Vec<_>>()).unwrap()
}

#[test]
fn names_are_unique_and_parameters_too() {
    for op in ops::all() {
        assert_eq!(ops::all().filter(|other| other.name == op.name).count(), 1, "{}", op.name);
        for param in op.params {
            assert_eq!(
                op.params.iter().filter(|other| other.name == param.name).count(),
                1,
                "{} {}",
                op.name,
                param.name
            );
        }
    }
}

#[test]
fn programs_cannot_name_fused_operations() {
    assert!(ops::fused::OPS.iter().all(|op| ops::find(op.name).is_none()));
}
