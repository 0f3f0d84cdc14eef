//! The reference back end: the interpreter over the program's own operations.
//!
//! Two passes run before it, because what they fuse means f32 inside even where a program spells every step in f16: the
//! angles of rotary embeddings, which lose the position above 2,048, and the squares of a norm, which overflow f16 in real
//! models (SmolLM2's among them) and would silently turn every logit into zero.

use std::sync::Arc;

use indexmap::IndexMap;
use sottovoce_graph::{Graph, InterpretOptions, Interpreter, passes};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;

use crate::{Inputs, cpu::Plan, error::RuntimeError};

/// A graph with its interpreter.
pub struct Reference {
    interpreter: Interpreter,
    plan: Option<Plan>,
}

impl Reference {
    /// An interpreter of `graph`. `plan` is only looked at for its appends to states.
    pub fn new(graph: Graph, plan: Option<Plan>, package: &Package, exact: bool) -> Self {
        let graph = passes::fuse_rms_norm(passes::fuse_rotary(graph));
        Self { interpreter: Interpreter::new(graph, Arc::new(package.clone()), InterpretOptions { exact }), plan }
    }

    /// The graph.
    pub fn graph(&self) -> &Graph {
        self.interpreter.graph()
    }

    /// The plan that the cpu back end would run.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Computes the outputs, in order; `states` are in the order of the graph.
    ///
    /// # Errors
    /// [`RuntimeError::Graph`] for an operation that fails on its values.
    pub fn run(&self, inputs: &Inputs, states: &mut [Tensor]) -> Result<Vec<Tensor>, RuntimeError> {
        let inputs: IndexMap<String, Tensor> =
            inputs.iter().map(|(name, tensor)| (name.to_owned(), tensor.clone())).collect();
        let names = self.graph().states.iter().map(|state| state.name.clone());
        let mut named: IndexMap<String, Tensor> = names.zip(states.iter().cloned()).collect();
        let outputs = self.interpreter.run(&inputs, &mut named)?;
        for (state, (_, tensor)) in states.iter_mut().zip(named) {
            *state = tensor;
        }
        Ok(outputs.into_values().collect())
    }
}
