//! Everything about a call that is checked before anything is computed or written.

use half::f16;
use sottovoce_graph::ir::{Arg, Bindings, Definition, Dim, Graph, ValueId};
use sottovoce_tensor::{DType, Tensor};

use crate::{Inputs, error::RuntimeError};

/// How sizes relate in the packages that this runtime is for.
pub const SIZES_ADVICE: &str = "In a stateful language model the mask is [1, 1, q, kv] for ids [1, q], position = kv − q, and \
                            q <= kv <= context";

/// Matches inputs to the graph's, by name, and binds the sizes.
///
/// # Errors
/// Missing or unknown inputs, wrong types and shapes, sizes outside their range or that break a guard.
pub fn bind(graph: &Graph, inputs: &Inputs) -> Result<(Vec<Tensor>, Bindings), RuntimeError> {
    let known = || names(graph).join(", ");
    if let Some((name, _)) = inputs.iter().find(|(name, _)| !names(graph).contains(name)) {
        let expected = format!("one of the model's inputs ({})", known());
        return Err(RuntimeError::Input { name: name.to_owned(), expected, found: "an unknown name".to_owned() });
    }
    let mut tensors = Vec::with_capacity(graph.inputs.len());
    let mut bindings = Bindings::new(&graph.symbols);
    for &id in &graph.inputs {
        let value = graph.value(id);
        let tensor = inputs.get(&value.name).ok_or_else(|| RuntimeError::Input {
            name: value.name.clone(),
            expected: describe(graph, id),
            found: "nothing".to_owned(),
        })?;
        bind_shape(graph, id, tensor, &mut bindings)?;
        tensors.push(tensor.clone());
    }
    for guard in &graph.guards {
        if !guard.condition.holds(&bindings) {
            return Err(RuntimeError::Sizes {
                rule: explain(graph, &guard.condition.to_string(), &bindings),
                reason: guard.reason.clone(),
                advice: SIZES_ADVICE,
            });
        }
    }
    Ok((tensors, bindings))
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.inputs.iter().map(|&id| graph.value(id).name.as_str()).collect()
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

/// Inputs that attention adds to its scores.
pub fn masks(graph: &Graph) -> Vec<usize> {
    let mut masks = Vec::new();
    for id in graph.schedule() {
        if let Some(Arg::Value(mask)) = graph.node(id).arg("attn_mask")
            && let Definition::Input(index) = graph.value(*mask).definition
            && !masks.contains(&index)
        {
            masks.push(index);
        }
    }
    masks
}

/// Rejects masks that would give NaN: those that hold one, and rows without any visible position.
///
/// # Errors
/// [`RuntimeError::Mask`] with the first bad row.
pub fn check_mask(name: &str, mask: &Tensor) -> Result<(), RuntimeError> {
    let columns = mask.shape().last().copied().unwrap_or(0).max(1);
    let error = |row, problem| RuntimeError::Mask { name: name.to_owned(), row, problem };
    let check = |row: usize, max: f32, nan: bool| {
        if nan {
            Err(error(row, "holds NaN"))
        } else if max == f32::NEG_INFINITY {
            Err(error(row, "hides every position"))
        } else {
            Ok(())
        }
    };
    if mask.dtype() == DType::F16 {
        for (row, values) in mask.as_slice::<f16>()?.chunks(columns).enumerate() {
            // On the bits: a mask row is read for every token, and conversions would cost more than the attention.
            let nan = values.iter().any(|value| value.is_nan());
            let visible = values.iter().any(|value| value.to_bits() != f16::NEG_INFINITY.to_bits());
            check(row, if visible { 0.0 } else { f32::NEG_INFINITY }, nan)?;
        }
        return Ok(());
    }
    for (row, values) in mask.to_f32_vec().chunks(columns).enumerate() {
        let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        check(row, max, values.iter().any(|value| value.is_nan()))?;
    }
    Ok(())
}
