//! The smallest call that a function takes. Whether compute units can run a program, Core ML says only when it computes.

use sottovoce_graph::ir::{Bindings, Dim, Graph, SymbolId};
use sottovoce_tensor::Tensor;

use crate::Inputs;

/// How far above its least value a size is tried. Sizes hang together (keys are as many as earlier positions and rows), so
/// that not all can be least.
const STEPS: i64 = 2;

/// Zeros for every input, of the least sizes that fit together: one token at the first position. `None` when there are
/// none near the least of each.
pub fn inputs(graph: &Graph) -> Option<Inputs> {
    let mut symbols: Vec<SymbolId> = Vec::new();
    for dim in graph.inputs.iter().flat_map(|&input| graph.input_dims(input)) {
        symbols.extend(dim.as_symbol().filter(|symbol| !symbols.contains(symbol)));
    }
    let mut sizes = Bindings::new(&graph.symbols);
    if !fit(graph, &symbols, &mut sizes) {
        return None;
    }
    let zeros = graph.inputs.iter().map(|&input| {
        let size = |dim: &Dim| dim.eval(&sizes).and_then(|size| usize::try_from(size).ok());
        let shape = graph.input_dims(input).iter().map(size).collect::<Option<Vec<_>>>()?;
        Some((graph.value(input).name.clone(), Tensor::zeros(graph.fact(input).dtype, shape).ok()?))
    });
    zeros.collect::<Option<Vec<_>>>().map(Inputs::from_iter)
}

/// Gives the symbols the least sizes under which every guard holds, the first ones least of all.
fn fit(graph: &Graph, symbols: &[SymbolId], sizes: &mut Bindings) -> bool {
    let Some((&first, rest)) = symbols.split_first() else {
        return graph.guards.iter().all(|guard| guard.condition.holds(sizes));
    };
    let range = graph.symbols.own_range(first);
    // A size of nothing is allowed by some packages, and computes nothing.
    let least = range.min.max(1);
    let most = range.max.map_or(least + STEPS, |max| max.min(least + STEPS));
    (least..=most).any(|size| {
        sizes.set(first, size);
        fit(graph, rest, sizes)
    })
}

#[cfg(test)]
mod tests {
    use sottovoce_graph::{lower, passes};
    use sottovoce_mil::Package;
    use sottovoce_testkit::fixtures;

    use super::*;
    use crate::{LoadOptions, Model};

    #[test]
    fn every_fixture_takes_the_call_that_is_made_up_for_it() {
        for fixture in fixtures() {
            let package = Package::open(&fixture.package).unwrap();
            let function = package.default_function().to_owned();
            let interface = package.interface(&function).unwrap();
            let graph = passes::optimise(lower(&package.program, interface, &function).unwrap());
            let inputs = inputs(&graph).unwrap_or_else(|| panic!("{}: no sizes fit", fixture.name));
            assert_eq!(inputs.get("inputIds").unwrap().shape(), [1, 1], "{}", fixture.name);
            let model = Model::load(&fixture.package, &LoadOptions::default()).unwrap();
            let outputs = model.predict(&inputs, &mut model.new_state()).unwrap();
            assert!(!outputs.is_empty(), "{}", fixture.name);
        }
    }
}
