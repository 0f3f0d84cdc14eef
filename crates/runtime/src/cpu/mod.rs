//! The cpu back end: a graph becomes a plan of fused steps over f32 rows, run by SIMD kernels on a thread team.

mod exec;
mod liveness;
pub(crate) mod plan;
mod select;
mod weights;
mod workspace;

use std::collections::HashMap;

use sottovoce_graph::ir::{Definition, Graph, ValueId};
use sottovoce_kernels::{Compute, Kernels, Team};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;

pub(crate) use exec::{Call, Executor};
pub use plan::{Plan, Step};
pub use select::{NoPlan, select};
pub(crate) use weights::materialise;
pub(crate) use workspace::Workspace;

use crate::error::RuntimeError;

/// Loads the weights of a plan.
///
/// # Errors
/// When a weight cannot be read, or the instruction set that `SOTTOVOCE_ISA` asks for is not there.
pub(crate) fn load(
    graph: Graph,
    plan: Plan,
    package: &Package,
    threads: Option<usize>,
    exact: bool,
) -> Result<Executor, RuntimeError> {
    let kernels = Kernels::detect().map_err(|error| RuntimeError::Kernels(error.to_string()))?;
    let compute = Compute::new(kernels, threads.unwrap_or_else(Team::default_threads));
    let weights =
        plan.weights.iter().map(|weight| weights::load(&graph, package, weight, &compute)).collect::<Result<_, _>>()?;
    let constants = constants(&graph, &plan, package)?;
    let frequencies = plan.tables.iter().map(|table| materialise(&graph, package, table.inverse_frequencies));
    let frequencies = frequencies.map(|tensor| Ok(tensor?.to_f32_vec())).collect::<Result<_, RuntimeError>>()?;
    let (slots, widths) = plan.assign_slots();
    let last_row_steps = plan.last_row_steps();
    Ok(Executor { graph, plan, weights, constants, frequencies, compute, exact, last_row_steps, slots, widths })
}

/// Constants and weights that generic steps and outputs read as tensors.
fn constants(graph: &Graph, plan: &Plan, package: &Package) -> Result<HashMap<ValueId, Tensor>, RuntimeError> {
    let mut wanted: Vec<ValueId> = plan.output_tensors().collect();
    for step in &plan.steps {
        if let Step::Generic { node } = step {
            wanted.extend(graph.node(*node).operands());
        }
    }
    let mut constants = HashMap::new();
    for value in wanted {
        let constant = matches!(graph.value(value).definition, Definition::Constant(_)) || graph.is_weight(value);
        if constant && !constants.contains_key(&value) {
            constants.insert(value, materialise(graph, package, value)?);
        }
    }
    Ok(constants)
}
