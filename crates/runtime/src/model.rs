//! Models.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use sottovoce_graph::{ir::Graph, lower, passes};
use sottovoce_mil::{Package, description::FunctionDescription};
use sottovoce_tensor::Tensor;

use crate::{
    BackendKind, ComputeUnits, Inputs, LoadOptions, OutputRows, Outputs, PlanReport, Precision, PredictOptions, State,
    check,
    cpu::{self, Call, Executor, Plan},
    error::RuntimeError,
    reference::Reference,
};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A loaded function of a package. Immutable; share it between threads.
pub struct Model {
    id: u64,
    package: Package,
    function: String,
    backend: Backend,
    placement: Placement,
    masks: Vec<usize>,
}

/// What runs a model, and what was asked for but is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Back end in use.
    pub backend: BackendKind,
    /// Why it is not the one asked for, in sentences.
    pub notes: Vec<String>,
}

enum Backend {
    Cpu(Box<Executor>),
    Reference(Box<Reference>),
}

impl Model {
    /// Loads the package folder at `path`.
    ///
    /// # Errors
    /// When the package is damaged, holds operations that are not supported, or has no function of that name.
    pub fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, RuntimeError> {
        Self::from_package(Package::open(path.as_ref())?, options)
    }

    /// Loads a package that is open already.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_package(package: Package, options: &LoadOptions) -> Result<Self, RuntimeError> {
        let function = options.function.clone().unwrap_or_else(|| package.default_function().to_owned());
        package.require_weights()?;
        let lowered = lower_function(&package, &function)?;
        let mut notes = missing_units(options.compute_units);
        let graph = passes::optimise(lowered.clone());
        let masks = check::masks(&graph);
        let exact = options.precision == Precision::Exact;
        let plan = cpu::select(&graph);
        let backend = match (options.backend, plan) {
            (Some(BackendKind::Reference), plan) => {
                Backend::Reference(Box::new(Reference::new(lowered, plan.ok(), &package, exact)))
            }
            (None | Some(BackendKind::Cpu), Ok(plan)) => {
                Backend::Cpu(Box::new(cpu::load(graph, plan, &package, options.threads, exact)?))
            }
            (None | Some(BackendKind::Cpu), Err(reason)) => {
                notes.push(format!("the cpu back end has no plan for this package: {reason}; the reference runs it"));
                Backend::Reference(Box::new(Reference::new(lowered, None, &package, exact)))
            }
        };
        let kind = match backend {
            Backend::Cpu(_) => BackendKind::Cpu,
            Backend::Reference(_) => BackendKind::Reference,
        };
        let placement = Placement { backend: kind, notes };
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, package, function, backend, placement, masks })
    }

    /// The package.
    pub fn package(&self) -> &Package {
        &self.package
    }

    /// Name of the function.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Inputs, outputs and states as the package describes them.
    pub fn interface(&self) -> Option<&FunctionDescription> {
        self.package.interface(&self.function)
    }

    /// What runs the model.
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// Threads in use.
    pub fn threads(&self) -> usize {
        match &self.backend {
            Backend::Cpu(executor) => executor.compute.team().threads(),
            Backend::Reference(_) => 1,
        }
    }

    /// Positions that the caches hold at most; `None` when the model appends to none.
    pub fn context(&self) -> Option<usize> {
        let append = self.plan()?.appends.first()?;
        let shape = self.graph().fact(self.graph().states[append.cache.state].initial).fixed_shape()?;
        shape.get(3).copied()
    }

    fn graph(&self) -> &Graph {
        match &self.backend {
            Backend::Cpu(executor) => &executor.graph,
            Backend::Reference(reference) => reference.graph(),
        }
    }

    fn plan(&self) -> Option<&Plan> {
        match &self.backend {
            Backend::Cpu(executor) => Some(&executor.plan),
            Backend::Reference(reference) => reference.plan(),
        }
    }

    /// A state with all positions empty.
    pub fn new_state(&self) -> State {
        let graph = self.graph();
        let tensors = graph
            .states
            .iter()
            .map(|state| {
                let fact = graph.fact(state.initial);
                let shape = fact.fixed_shape().unwrap_or_default();
                // Sizes were checked against the description and the element cap when the package was opened.
                Tensor::zeros(fact.dtype, shape).unwrap_or_else(|error| unreachable!("{error}"))
            })
            .collect();
        State { model: self.id, tensors, len: 0, workspace: cpu::Workspace::default() }
    }

    /// Runs the function: all rows of the outputs.
    ///
    /// Outputs have the types that the package declares; in exact mode floats are f32.
    ///
    /// # Errors
    /// When an input is missing, unknown or does not fit, a mask hides every position of a row or holds NaN, a token id
    /// is outside the vocabulary, or the call does not begin where the state ends. The state is unchanged then.
    pub fn predict(&self, inputs: &Inputs, state: &mut State) -> Result<Outputs, RuntimeError> {
        self.predict_with(inputs, state, &PredictOptions::default())
    }

    /// [`Model::predict`] with options.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict_with(
        &self,
        inputs: &Inputs,
        state: &mut State,
        options: &PredictOptions,
    ) -> Result<Outputs, RuntimeError> {
        if state.model != self.id {
            return Err(RuntimeError::ForeignState);
        }
        let graph = self.graph();
        let (tensors, bindings) = check::bind(graph, inputs)?;
        for &mask in &self.masks {
            check::check_mask(&graph.value(graph.inputs[mask]).name, &tensors[mask])?;
        }
        let positions = self.positions(&bindings, state, options)?;
        let outputs = match &self.backend {
            Backend::Cpu(executor) => {
                let last_row = options.rows == OutputRows::Last;
                let call = Call { bindings: &bindings, last_row, inputs: &tensors };
                executor.run(&call, &mut state.tensors, &mut state.workspace)?
            }
            Backend::Reference(reference) => reference.run(inputs, &mut state.tensors)?,
        };
        if let Some(end) = positions {
            state.len = end;
        }
        Ok(graph.outputs.iter().map(|output| output.name.clone()).zip(outputs).collect())
    }

    /// Checks that the call continues the state; gives the length after it.
    fn positions(
        &self,
        bindings: &sottovoce_graph::ir::Bindings,
        state: &State,
        options: &PredictOptions,
    ) -> Result<Option<usize>, RuntimeError> {
        let Some((plan, append)) = self.plan().and_then(|plan| Some((plan, plan.appends.first()?))) else {
            return Ok(None);
        };
        let size = |dim: &sottovoce_graph::ir::Dim| dim.eval(bindings).and_then(|value| usize::try_from(value).ok());
        let (begin, end) = (size(&append.begin), plan.length.as_ref().and_then(size));
        let (Some(begin), Some(end)) = (begin, end) else {
            return Err(RuntimeError::Sizes {
                rule: format!("0 <= {}", append.begin),
                reason: "position of the call".to_owned(),
                advice: check::SIZES_ADVICE,
            });
        };
        if begin > state.len || (begin < state.len && !options.allow_overwrite) {
            return Err(RuntimeError::Position { begin, len: state.len });
        }
        Ok(Some(end))
    }
}

/// The steps that a package would run, without its weights.
///
/// # Errors
/// As [`Model::load`], and with the reason when the cpu back end has no plan for it.
pub(crate) fn plan_package(package: &Package, function: Option<&str>) -> Result<PlanReport, RuntimeError> {
    let function = function.unwrap_or_else(|| package.default_function());
    let graph = passes::optimise(lower_function(package, function)?);
    Ok(match cpu::select(&graph) {
        Ok(plan) => PlanReport::new(&graph, &plan),
        Err(reason) => PlanReport::none(reason),
    })
}

fn lower_function(package: &Package, function: &str) -> Result<Graph, RuntimeError> {
    let empty = FunctionDescription::default();
    Ok(lower(&package.program, package.interface(function).unwrap_or(&empty), function)?)
}

fn missing_units(units: ComputeUnits) -> Vec<String> {
    let missing = match units {
        ComputeUnits::CpuOnly => return Vec::new(),
        ComputeUnits::All => return Vec::new(),
        ComputeUnits::CpuAndGpu => "GPU",
        ComputeUnits::CpuAndNeuralEngine => "Neural Engine",
    };
    vec![format!("there is no {missing} back end here; the CPU runs everything")]
}
