//! Inputs and states against what the function declares, and the sizes that they bind.

use indexmap::IndexMap;
use sottovoce_tensor::Tensor;

use crate::{
    error::GraphError,
    ir::{Bindings, Graph, SymbolId},
    lower::describe,
};

/// Values of the flexible sizes for these inputs, with every guard checked.
///
/// With `any_float`, an input declared as a float may be any float type: exact results of one call can feed the next.
///
/// # Errors
/// [`GraphError::Interface`] for an input that is missing, unknown, or of another type or shape, [`GraphError::Guard`]
/// when the sizes break a rule that the program relies on.
pub fn bind(graph: &Graph, inputs: &IndexMap<String, Tensor>, any_float: bool) -> Result<Bindings, GraphError> {
    if let Some(name) = inputs.keys().find(|name| !graph.inputs.iter().any(|&id| graph.value(id).name == **name)) {
        let known: Vec<&str> = graph.inputs.iter().map(|&id| graph.value(id).name.as_str()).collect();
        return Err(GraphError::Interface {
            what: "input",
            name: name.clone(),
            expected: format!("one of {}", known.join(", ")),
            found: "an unknown name".into(),
        });
    }
    let mut bindings = Bindings::new(&graph.symbols);
    for &id in &graph.inputs {
        let value = graph.value(id);
        let mismatch = |found: String| GraphError::Interface {
            what: "input",
            name: value.name.clone(),
            expected: describe(&value.fact),
            found,
        };
        let tensor = inputs.get(&value.name).ok_or_else(|| mismatch("nothing".into()))?;
        let found = || mismatch(format!("{} {:?}", tensor.dtype(), tensor.shape()));
        let floats = any_float && value.fact.dtype.is_float() && tensor.dtype().is_float();
        if (tensor.dtype() != value.fact.dtype && !floats) || tensor.rank() != value.fact.rank() {
            return Err(found());
        }
        for (axis, (dim, &size)) in value.fact.shape.iter().zip(tensor.shape()).enumerate() {
            let size = i64::try_from(size).map_err(|_| found())?;
            match dim.as_symbol() {
                Some(symbol) => bind_size(graph, &mut bindings, symbol, size, (&value.name, axis))?,
                None if dim.as_const() == Some(size) => {}
                None => return Err(found()),
            }
        }
    }
    bind_unified(graph, &mut bindings);
    check_guards(graph, &bindings)?;
    Ok(bindings)
}

fn bind_size(
    graph: &Graph,
    bindings: &mut Bindings,
    symbol: SymbolId,
    size: i64,
    (name, axis): (&str, usize),
) -> Result<(), GraphError> {
    if let Some(bound) = bindings.get(symbol).filter(|&bound| bound != size) {
        return Err(GraphError::Guard {
            rule: format!("dimension {axis} of '{name}' = {}, found {size} and {bound}", graph.symbols.origin(symbol)),
            reason: "the program uses them together".into(),
        });
    }
    let range = graph.symbols.range(symbol);
    if size < range.min || range.max.is_some_and(|max| size > max) {
        return Err(GraphError::Interface {
            what: "input",
            name: name.to_owned(),
            expected: match range.max {
                Some(max) => format!("a size of {} to {max} in dimension {axis}", range.min),
                None => format!("a size of {} or more in dimension {axis}", range.min),
            },
            found: size.to_string(),
        });
    }
    bindings.set(symbol, size);
    Ok(())
}

/// Symbols that inference found equal to another one no longer occur in the inputs, but still in guards.
fn bind_unified(graph: &Graph, bindings: &mut Bindings) {
    for symbol in graph.symbols.ids() {
        if let (None, Some(size)) = (bindings.get(symbol), bindings.get(graph.symbols.representative(symbol))) {
            bindings.set(symbol, size);
        }
    }
}

fn check_guards(graph: &Graph, bindings: &Bindings) -> Result<(), GraphError> {
    let Some(guard) = graph.guards.iter().find(|guard| !guard.condition.holds(bindings)) else { return Ok(()) };
    let sizes: Vec<String> = graph
        .symbols
        .ids()
        .filter_map(|symbol| {
            let size = bindings.get(symbol)?;
            Some(format!("{symbol} = {size} is {}", graph.symbols.origin(symbol)))
        })
        .collect();
    Err(GraphError::Guard {
        rule: format!("{}, with {}", guard.condition, sizes.join(", ")),
        reason: guard.reason.clone(),
    })
}

/// Checks that every state is there with its declared type and shape.
///
/// # Errors
/// [`GraphError::Interface`] for the first that is not.
pub fn check_states(graph: &Graph, states: &IndexMap<String, Tensor>) -> Result<(), GraphError> {
    for slot in &graph.states {
        let fact = graph.fact(slot.initial);
        let state = states.get(&slot.name);
        let fits = |state: &Tensor| state.dtype() == fact.dtype && fact.fixed_shape().as_deref() == Some(state.shape());
        if state.is_some_and(fits) {
            continue;
        }
        return Err(GraphError::Interface {
            what: "state",
            name: slot.name.clone(),
            expected: describe(fact),
            found: state.map_or("nothing".into(), |state| format!("{} {:?}", state.dtype(), state.shape())),
        });
    }
    Ok(())
}
