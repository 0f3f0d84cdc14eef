//! Facts of every value, from the inputs forward.

use crate::{
    error::{GraphError, OpError},
    ir::{Fact, Graph, NodeId},
    op::InferContext,
};

/// Rounds of inference before symbols that keep being unified are called an error. Each round can only merge symbols,
/// so a program needs as many rounds as it has flexible dimensions at the very most; real ones need two.
const MAX_ROUNDS: usize = 8;

/// Infers the facts of all live nodes. When a rule finds that two symbols must be equal, the facts found before are
/// stale, and the whole graph is inferred again.
///
/// # Errors
/// [`GraphError::Operation`] for the first operation whose arguments do not fit.
pub fn infer(graph: &mut Graph, function: &str) -> Result<(), GraphError> {
    let order = graph.schedule();
    for _ in 0..MAX_ROUNDS {
        resolve_inputs(graph);
        let before = representatives(graph);
        for &node in &order {
            infer_node(graph, node).map_err(|source| operation_error(graph, node, function, source))?;
        }
        if representatives(graph) == before {
            return Ok(());
        }
    }
    Err(GraphError::Unsupported { function: function.to_owned(), what: "its flexible sizes do not settle".to_owned() })
}

/// Infers one node and stores the facts of its results.
pub(crate) fn infer_node(graph: &mut Graph, id: NodeId) -> Result<(), OpError> {
    let node = graph.node(id).clone();
    let facts = (node.op.infer)(&mut InferContext { graph, node: &node })?;
    if facts.len() != node.outputs.len() {
        return Err(OpError::InvalidArgument {
            name: "outputs",
            expected: format!("{} results", facts.len()),
            found: node.outputs.len().to_string(),
        });
    }
    for (&output, fact) in node.outputs.iter().zip(facts) {
        graph.value_mut(output).fact = resolve(graph, fact);
    }
    Ok(())
}

/// An operation's error with its place.
pub(crate) fn operation_error(graph: &Graph, id: NodeId, function: &str, source: OpError) -> GraphError {
    let node = graph.node(id);
    GraphError::Operation {
        function: function.to_owned(),
        kind: node.op.name.to_owned(),
        result: node.outputs.first().map_or_else(String::new, |&output| graph.value(output).name.clone()),
        source: Box::new(source),
    }
}

fn representatives(graph: &Graph) -> usize {
    graph.symbols.num_distinct()
}

fn resolve(graph: &Graph, mut fact: Fact) -> Fact {
    for dim in fact.shape.iter_mut().chain(fact.value.iter_mut().flatten()) {
        *dim = graph.symbols.resolve(dim);
    }
    fact
}

fn resolve_inputs(graph: &mut Graph) {
    for input in graph.inputs.clone() {
        let fact = resolve(graph, graph.fact(input).clone());
        graph.value_mut(input).fact = fact;
    }
}
