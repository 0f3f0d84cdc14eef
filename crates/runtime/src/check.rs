//! Everything about a call that is checked before anything is computed or written.

use sottovoce_graph::ir::{Bindings, Dim, Graph, ValueId};
use sottovoce_tensor::Tensor;

use crate::{Inputs, error::RuntimeError};

/// How sizes relate in the packages that this runtime is for.
pub const SIZES_ADVICE: &str = "In a stateful language model every mask is [1, 1, q, kv] for ids [1, q], position = kv − q, \
                            and q <= kv <= context";

/// What the inputs of a call bind.
#[derive(Clone, Debug, Default)]
pub struct Bound {
    /// Position of each of the graph's inputs among the caller's.
    pub positions: Vec<usize>,
    /// Values of the flexible sizes.
    pub sizes: Bindings,
}

impl Bound {
    /// Matches inputs to the graph's, by name, and binds the sizes.
    ///
    /// # Errors
    /// Missing or unknown inputs, wrong types and shapes, sizes outside their range or that break a guard.
    pub fn bind(&mut self, graph: &Graph, inputs: &Inputs) -> Result<(), RuntimeError> {
        let is_known = |name: &str| graph.inputs.iter().any(|&id| graph.value(id).name == name);
        if let Some((name, _)) = inputs.iter().find(|(name, _)| !is_known(name)) {
            let expected = format!("one of the model's inputs, {}", list(graph));
            return Err(RuntimeError::Input { name: name.to_owned(), expected, found: "an unknown name".to_owned() });
        }
        self.positions.clear();
        self.sizes.reset(&graph.symbols);
        for &id in &graph.inputs {
            let name = &graph.value(id).name;
            let position = inputs.position(name).ok_or_else(|| RuntimeError::Input {
                name: name.clone(),
                expected: describe(graph, id),
                found: format!("nothing; the model's inputs are {}", list(graph)),
            })?;
            bind_shape(graph, id, inputs.at(position), &mut self.sizes)?;
            self.positions.push(position);
        }
        for guard in &graph.guards {
            if !guard.condition.holds(&self.sizes) {
                return Err(RuntimeError::Sizes {
                    rule: explain(graph, &guard.condition.to_string(), &self.sizes),
                    reason: guard.reason.clone(),
                    advice: SIZES_ADVICE,
                });
            }
        }
        Ok(())
    }
}

/// `inputIds int32 [1, 1..=512], causalMask …`
fn list(graph: &Graph) -> String {
    let inputs = graph.inputs.iter().map(|&id| format!("{} {}", graph.value(id).name, describe(graph, id)));
    inputs.collect::<Vec<_>>().join(", ")
}

fn bind_shape(graph: &Graph, id: ValueId, tensor: &Tensor, bindings: &mut Bindings) -> Result<(), RuntimeError> {
    let value = graph.value(id);
    let error = || RuntimeError::Input {
        name: value.name.clone(),
        expected: describe(graph, id),
        found: format!("{} {:?}", tensor.dtype(), tensor.shape()),
    };
    if tensor.dtype() != value.fact.dtype || tensor.rank() != value.fact.rank() {
        return Err(error());
    }
    for (dim, &size) in graph.input_dims(id).iter().zip(tensor.shape()) {
        let size = i64::try_from(size).map_err(|_| error())?;
        match dim.as_symbol() {
            Some(symbol) => {
                let range = graph.symbols.own_range(symbol);
                if size < range.min || range.max.is_some_and(|max| size > max) {
                    return Err(error());
                }
                bindings.set(symbol, size);
            }
            None if dim.as_const() == Some(size) => {}
            None => return Err(error()),
        }
    }
    Ok(())
}

/// `int32 [1, 1..=512]`.
pub fn describe(graph: &Graph, id: ValueId) -> String {
    let dims: Vec<String> = graph.input_dims(id).iter().map(|dim| describe_dim(graph, dim)).collect();
    format!("{} [{}]", graph.fact(id).dtype, dims.join(", "))
}

fn describe_dim(graph: &Graph, dim: &Dim) -> String {
    match dim.as_symbol().map(|symbol| graph.symbols.own_range(symbol)) {
        Some(range) => match range.max {
            Some(max) => format!("{}..={max}", range.min),
            None => format!("{}..", range.min),
        },
        None => dim.to_string(),
    }
}

/// A rule with the meaning and value of its symbols: `s0 <= s2, where s0 = 4 (dimension 1 of 'inputIds'), ...`.
fn explain(graph: &Graph, rule: &str, bindings: &Bindings) -> String {
    let meanings: Vec<String> = graph
        .symbols
        .ids()
        .filter(|id| rule.split(|c: char| !c.is_alphanumeric()).any(|word| word == id.to_string()))
        .map(|id| {
            let value = bindings.get(id).map_or_else(|| "?".to_owned(), |value| value.to_string());
            format!("{id} = {value} ({})", graph.symbols.origin(id))
        })
        .collect();
    if meanings.is_empty() { rule.to_owned() } else { format!("{rule}, where {}", meanings.join(", ")) }
}
