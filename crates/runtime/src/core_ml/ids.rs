//! Token ids, which Core ML looks up unchecked.

use sottovoce_graph::ir::{Definition, Graph};

use crate::{
    Inputs,
    check::Bound,
    cpu::{Plan, Step},
    error::RuntimeError,
};

/// Checks the ids that the plan looks up in a table.
///
/// # Errors
/// [`RuntimeError::TokenId`] for the first that the table does not have.
pub fn check(graph: &Graph, plan: &Plan, inputs: &Inputs, bound: &Bound) -> Result<(), RuntimeError> {
    for step in &plan.steps {
        let Step::Embed { ids, table, .. } = step else { continue };
        let Definition::Input(input) = graph.value(*ids).definition else { continue };
        let rows = graph.fact(plan.weights[table.0].value).shape.first().and_then(|rows| rows.as_size());
        let Some(vocabulary) = rows else { continue };
        let tensor = inputs.at(bound.positions[input]);
        let outside = |id: &i64| usize::try_from(*id).map_or(true, |id| id >= vocabulary);
        if let Some(id) = tensor.to_i64_vec().into_iter().find(outside) {
            return Err(RuntimeError::TokenId { name: graph.value(*ids).name.clone(), id, vocabulary });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sottovoce_graph::{lower, passes};
    use sottovoce_mil::Package;
    use sottovoce_tensor::Tensor;
    use sottovoce_testkit::{MASKED, causal_mask, fixtures_dir};

    use super::*;
    use crate::cpu;

    #[test]
    fn ids_outside_the_vocabulary_are_found() {
        let package = Package::open(&fixtures_dir().join("coremltools/llama-int4.mlpackage")).unwrap();
        let function = package.default_function().to_owned();
        let interface = package.interface(&function).unwrap();
        let graph = passes::optimise(lower(&package.program, interface, &function).unwrap());
        let plan = cpu::select(&graph).unwrap();
        let checked = |ids: [i32; 2]| {
            let inputs = Inputs::from([
                ("causalMask", causal_mask(2, 2, MASKED)),
                ("inputIds", Tensor::from_slice([1, 2], &ids).unwrap()),
            ]);
            let mut bound = Bound::default();
            bound.bind(&graph, &inputs).unwrap();
            check(&graph, &plan, &inputs, &bound)
        };
        assert!(checked([0, 319]).is_ok());
        for id in [-1, 320, i32::MAX] {
            let error = checked([3, id]).unwrap_err();
            assert!(matches!(error, RuntimeError::TokenId { vocabulary: 320, .. }), "{error}");
        }
    }
}
