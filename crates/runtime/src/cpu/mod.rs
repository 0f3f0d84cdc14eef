//! The cpu back end: a graph becomes a plan of fused steps over f32 rows, run by SIMD kernels on a thread team.

mod exec;
mod liveness;
mod matrices;
pub(crate) mod plan;
mod select;
mod weights;
mod workspace;

use std::collections::HashMap;

use sottovoce_graph::ir::{Definition, Graph, ValueId};
use sottovoce_kernels::{Compute, Kernels, PackedLinear, Team};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;

pub(crate) use exec::{Executor, Lane};
pub use plan::{Plan, Step};
pub use select::{NoPlan, select};
pub(crate) use weights::materialise;
pub(crate) use workspace::{Arena, Workspace};

use crate::{LoadOptions, Precision, error::RuntimeError};
use matrices::Matrices;
use plan::{Role, Weight};
use weights::Loaded;

/// Loads the weights of a plan. What was asked for but cannot be had goes to `notes`.
///
/// # Errors
/// When a weight cannot be read, or the instruction set that `SOTTOVOCE_ISA` asks for is not there.
pub(crate) fn load(
    graph: Graph,
    plan: Plan,
    package: &Package,
    options: &LoadOptions,
    notes: &mut Vec<String>,
) -> Result<Executor, RuntimeError> {
    let kernels = Kernels::detect().map_err(|error| RuntimeError::Kernels(error.to_string()))?;
    let compute = Compute::new(kernels, options.threads.unwrap_or_else(Team::default_threads));
    let constants = constants(&graph, &plan, package)?;
    let frequencies = plan.tables.iter().map(|table| materialise(&graph, package, table.inverse_frequencies));
    let frequencies = frequencies.map(|tensor| Ok(tensor?.to_f32_vec())).collect::<Result<_, RuntimeError>>()?;
    let vectors = plan.weights.iter().map(|weight| vector(&graph, package, weight)).collect::<Result<Vec<_>, _>>()?;
    package.release_weights();
    let matrices = Matrices { graph: &graph, package, team: compute.team() };
    let mut matrices = load_matrices(&plan, &matrices, options.packed_cache, notes)?.into_iter().map(Loaded::Matrix);
    let weights = vectors.into_iter().filter_map(|vector| vector.or_else(|| matrices.next())).collect();
    let (slots, widths) = plan.assign_slots();
    let last_row_steps = plan.last_row_steps();
    let exact = options.precision == Precision::Exact;
    Ok(Executor { graph, plan, weights, constants, frequencies, compute, exact, last_row_steps, slots, widths })
}

/// A weight that is a vector; `None` for a matrix.
fn vector(graph: &Graph, package: &Package, weight: &Weight) -> Result<Option<Loaded>, RuntimeError> {
    let values = || Ok::<_, RuntimeError>(materialise(graph, package, weight.value)?.to_f32_vec());
    Ok(match weight.role {
        Role::Matrix => None,
        Role::Vector => Some(Loaded::Vector(values()?)),
        Role::Bias => Some(Loaded::Bias(Some(values()?).filter(|bias| bias.iter().any(|&value| value != 0.0)))),
    })
}

fn load_matrices(
    plan: &Plan,
    matrices: &Matrices<'_>,
    packed_cache: bool,
    notes: &mut Vec<String>,
) -> Result<Vec<PackedLinear>, RuntimeError> {
    let values = plan.weights.iter().filter(|weight| weight.role == Role::Matrix).map(|weight| weight.value);
    let values: Vec<ValueId> = values.collect();
    if packed_cache {
        match matrices.cached(&values) {
            Err(error @ RuntimeError::PackedCache { .. }) => {
                notes.push(format!("{error}; they are packed for this run"))
            }
            other => return other,
        }
    }
    matrices.pack(&values)
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
