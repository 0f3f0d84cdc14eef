//! The reference interpreter: what a graph means, written for clarity. Fast back ends are checked against it.

mod inputs;
mod package;

use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::{GraphError, OpError},
    infer::operation_error,
    ir::{Bindings, BlobRef, Constant, Definition, Dim, Graph, NodeId, ValueId},
    op::EvalContext,
    ops::support::output::with_float_type,
};

pub use inputs::bind;

/// Where the weights of a graph come from.
pub trait Weights: Send + Sync {
    /// The tensor that `blob` refers to, which the program says has this type and shape.
    ///
    /// # Errors
    /// [`GraphError::Weight`] when it cannot be read or is another one.
    fn load(&self, blob: &BlobRef, dtype: DType, shape: &[usize]) -> Result<Tensor, GraphError>;
}

/// The weights of a program that has none outside itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWeights;

impl Weights for NoWeights {
    fn load(&self, blob: &BlobRef, _: DType, _: &[usize]) -> Result<Tensor, GraphError> {
        Err(GraphError::Weight(format!(
            "the weight file {} is not there; the package cannot run without it",
            blob.file
        )))
    }
}

/// How to compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InterpretOptions {
    /// Keep f16 results in f32 instead of rounding each to f16 as Core ML's f16 programs do. Weights, states and inputs
    /// keep their type.
    pub exact: bool,
}

/// Runs a graph operation by operation with the reference implementations.
pub struct Interpreter {
    graph: Graph,
    weights: Arc<dyn Weights>,
    options: InterpretOptions,
    order: Vec<NodeId>,
    /// Constants and what is computed from constants by decompression, once needed; indexed by [`ValueId::index`].
    constants: Vec<OnceLock<Tensor>>,
    /// Nodes whose results are kept in `constants`; indexed by [`NodeId::index`].
    is_constant: Vec<bool>,
}

impl Interpreter {
    /// An interpreter of `graph`; weights are read when they are first needed, and kept.
    pub fn new(graph: Graph, weights: Arc<dyn Weights>, options: InterpretOptions) -> Self {
        let order = graph.schedule();
        let mut is_constant = vec![false; graph.num_nodes()];
        for &id in &order {
            let node = graph.node(id);
            // Only decompression: folding other constants is the work of a pass.
            is_constant[id.index()] = node.op.name.starts_with("constexpr_")
                && node.operands().all(|value| match graph.value(value).definition {
                    Definition::Constant(_) => true,
                    Definition::Node(producer, _) => is_constant[producer.index()],
                    _ => false,
                });
        }
        let constants = (0..graph.num_values()).map(|_| OnceLock::new()).collect();
        Self { graph, weights, options, order, constants, is_constant }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Runs the graph once: outputs by name in the order of the function. `states` are replaced only when everything
    /// succeeded.
    ///
    /// # Errors
    /// [`GraphError::Interface`] for inputs or states that are missing, unknown or of another type or shape,
    /// [`GraphError::Guard`] when the input sizes break a rule that the shapes rely on, [`GraphError::Operation`] for
    /// an operation that fails on its values.
    pub fn run(
        &self,
        inputs: &IndexMap<String, Tensor>,
        states: &mut IndexMap<String, Tensor>,
    ) -> Result<IndexMap<String, Tensor>, GraphError> {
        let bindings = bind(&self.graph, inputs, self.options.exact)?;
        inputs::check_states(&self.graph, states)?;
        let mut values: Vec<Option<Tensor>> = vec![None; self.graph.num_values()];
        for &id in &self.graph.inputs {
            values[id.index()] = inputs.get(&self.graph.value(id).name).cloned();
        }
        for slot in &self.graph.states {
            values[slot.initial.index()] = states.get(&slot.name).cloned();
        }
        let mut uses = self.graph.use_counts();
        for &id in &self.order {
            if self.is_constant[id.index()] {
                continue;
            }
            self.evaluate(id, &bindings, &mut values)?;
            for operand in self.graph.node(id).operands() {
                uses[operand.index()] -= 1;
                if uses[operand.index()] == 0 {
                    values[operand.index()] = None;
                }
            }
        }
        let take = |id: ValueId, values: &[Option<Tensor>]| -> Result<Tensor, GraphError> {
            self.constant(id)?;
            Ok(self
                .value(id, values)
                .cloned()
                .unwrap_or_else(|| unreachable!("every root was computed or is constant")))
        };
        let outputs = self.graph.outputs.iter();
        let outputs = outputs.map(|output| Ok((output.name.clone(), take(output.value, &values)?)));
        let outputs = outputs.collect::<Result<IndexMap<_, _>, GraphError>>()?;
        let finals = self.graph.states.iter().map(|slot| {
            let dtype = self.graph.fact(slot.initial).dtype;
            let last = take(slot.last, &values)?;
            let last = with_float_type(&last, dtype).map_err(|source| GraphError::Interface {
                what: "state",
                name: slot.name.clone(),
                expected: dtype.to_string(),
                found: source.to_string(),
            })?;
            Ok((slot.name.clone(), last))
        });
        let finals = finals.collect::<Result<Vec<_>, GraphError>>()?;
        states.extend(finals);
        Ok(outputs)
    }

    fn evaluate(&self, id: NodeId, bindings: &Bindings, values: &mut [Option<Tensor>]) -> Result<(), GraphError> {
        let node = self.graph.node(id);
        for operand in node.operands() {
            self.constant(operand)?;
        }
        let results = self.results(id, values)?;
        for (&output, result) in node.outputs.iter().zip(results) {
            self.check_result(id, output, &result, bindings)?;
            values[output.index()] = Some(result);
        }
        Ok(())
    }

    fn results(&self, id: NodeId, values: &[Option<Tensor>]) -> Result<Vec<Tensor>, GraphError> {
        let node = self.graph.node(id);
        let tensors = |value: ValueId| self.value(value, values);
        let context = EvalContext { graph: &self.graph, node, tensors: &tensors, exact: self.options.exact };
        (node.op.eval)(&context).map_err(|source| operation_error(&self.graph, id, &self.graph.function, source))
    }

    fn value<'v>(&'v self, id: ValueId, values: &'v [Option<Tensor>]) -> Option<&'v Tensor> {
        match &self.graph.value(id).definition {
            Definition::Constant(Constant::Tensor(tensor)) => Some(tensor),
            _ => self.constants[id.index()].get().or(values[id.index()].as_ref()),
        }
    }

    /// Makes sure that a constant is loaded, and a decompressed one computed.
    fn constant(&self, id: ValueId) -> Result<(), GraphError> {
        if self.constants[id.index()].get().is_some() {
            return Ok(());
        }
        match &self.graph.value(id).definition {
            Definition::Constant(Constant::Blob(blob)) => {
                let fact = self.graph.fact(id);
                let shape = fact.fixed_shape().unwrap_or_default();
                let tensor = self.weights.load(blob, fact.dtype, &shape)?;
                // Another thread may have been first; the tensors are the same.
                self.constants[id.index()].get_or_init(|| tensor);
            }
            Definition::Node(node, _) if self.is_constant[node.index()] => self.decompress(*node)?,
            _ => {}
        }
        Ok(())
    }

    fn decompress(&self, id: NodeId) -> Result<(), GraphError> {
        let node = self.graph.node(id);
        for operand in node.operands() {
            self.constant(operand)?;
        }
        let none = vec![None; self.graph.num_values()];
        for (&output, result) in node.outputs.iter().zip(self.results(id, &none)?) {
            self.check_result(id, output, &result, &Bindings::new(&self.graph.symbols))?;
            self.constants[output.index()].get_or_init(|| result);
        }
        Ok(())
    }

    /// The shape rule and the meaning of an operation are written separately and have to agree.
    fn check_result(&self, id: NodeId, value: ValueId, tensor: &Tensor, bindings: &Bindings) -> Result<(), GraphError> {
        let fact = self.graph.fact(value);
        let sizes: Option<Vec<i64>> = fact.shape.iter().map(|dim: &Dim| dim.eval(bindings)).collect();
        let found: Vec<i64> = tensor.shape().iter().map(|&dim| dim as i64).collect();
        let kept_exact = self.options.exact && fact.dtype.is_float() && tensor.dtype().is_float();
        if sizes.as_ref() == Some(&found) && (fact.dtype == tensor.dtype() || kept_exact) {
            return Ok(());
        }
        let source = OpError::Mismatch {
            what: "the shape rule and the result",
            left: format!("{} {sizes:?}", fact.dtype),
            right: format!("{} {found:?}", tensor.dtype()),
        };
        Err(operation_error(&self.graph, id, &self.graph.function, source))
    }
}
