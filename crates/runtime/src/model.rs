//! Models.

use std::{
    ops::ControlFlow,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use sottovoce_graph::{
    ir::{Dim, Graph},
    lower, passes,
};
use sottovoce_kernels::FEW_ROWS;
use sottovoce_mil::{Package, description::FunctionDescription};
use sottovoce_tensor::Tensor;

use crate::{
    BackendKind, BatchCall, BatchMemory, ComputeUnits, Inputs, LinearGradient, LoadOptions, LoadStage, Loss, Outputs,
    PlanReport, Precision, PredictOptions, State, check, core_ml,
    cpu::{self, Executor, Lane, Plan, Workspace},
    error::RuntimeError,
    mask::Mask,
    options::{Observe, begin},
    packed_cache::{self, Fingerprint},
    reference::Reference,
    state::{Kept, no_positions},
};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A loaded function of a package. Immutable; share it between threads.
pub struct Model {
    id: u64,
    package: Package,
    function: String,
    backend: Backend,
    placement: Placement,
    precision: Precision,
    masks: Vec<Mask>,
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
    CoreMl(Box<CoreMl>),
}

/// A function that Core ML runs; graph and plan say what is checked before, and which states it appends to.
struct CoreMl {
    engine: core_ml::Engine,
    graph: Graph,
    plan: Option<Plan>,
}

impl Model {
    /// Loads the package folder at `path`.
    ///
    /// # Errors
    /// When the package is damaged, holds operations that are not supported, or has no function of that name.
    pub fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Self, RuntimeError> {
        Self::from_package(Package::open(path.as_ref())?, options)
    }

    /// As [`Model::load`]; `observe` is told what takes long before it begins, and ends the load by breaking.
    ///
    /// # Errors
    /// As [`Model::load`], and [`RuntimeError::Cancelled`] when `observe` broke.
    pub fn load_observed(
        path: impl AsRef<Path>,
        options: &LoadOptions,
        observe: &mut dyn FnMut(LoadStage) -> ControlFlow<()>,
    ) -> Result<Self, RuntimeError> {
        Self::from_package_observed(Package::open(path.as_ref())?, options, observe)
    }

    /// Loads a package that is open already.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_package(package: Package, options: &LoadOptions) -> Result<Self, RuntimeError> {
        Self::from_package_observed(package, options, &mut |_| ControlFlow::Continue(()))
    }

    fn from_package_observed(
        package: Package,
        options: &LoadOptions,
        observe: Observe<'_>,
    ) -> Result<Self, RuntimeError> {
        let function = options.function.clone().unwrap_or_else(|| package.default_function().to_owned());
        package.require_weights()?;
        let lowered = lower_function(&package, &function)?;
        let mut notes = Vec::new();
        let graph = passes::optimise(lowered.clone());
        let masks = Mask::all(&graph);
        let backend = match options.backend {
            Some(BackendKind::CoreMl) => {
                match core_ml::load(&graph, &package, &function, options, &mut notes, observe)? {
                    Some(engine) => {
                        let plan = cpu::select(&graph).ok();
                        Backend::CoreMl(Box::new(CoreMl { engine, graph, plan }))
                    }
                    None => {
                        notes.push("Core ML cannot run this package here; our own engine does".to_owned());
                        load_own(lowered, graph, &package, options, &mut notes, observe)?
                    }
                }
            }
            _ => load_own(lowered, graph, &package, options, &mut notes, observe)?,
        };
        let kind = match backend {
            Backend::Cpu(_) => BackendKind::Cpu,
            Backend::Reference(_) => BackendKind::Reference,
            Backend::CoreMl(_) => BackendKind::CoreMl,
        };
        let placement = Placement { backend: kind, notes };
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, package, function, backend, placement, precision: options.precision, masks })
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

    /// Threads of ours in use; those of Core ML are its own business.
    pub fn threads(&self) -> usize {
        match &self.backend {
            Backend::Cpu(executor) => executor.compute.team().threads(),
            Backend::Reference(_) | Backend::CoreMl(_) => 1,
        }
    }

    /// Positions that the states hold at most; `None` when the model appends to none.
    pub fn context(&self) -> Option<usize> {
        self.plan()?.state_length()?;
        let shape = self.graph().fact(self.graph().states.first()?.initial).fixed_shape()?;
        shape.get(3).copied()
    }

    fn graph(&self) -> &Graph {
        match &self.backend {
            Backend::Cpu(executor) => &executor.graph,
            Backend::Reference(reference) => reference.graph(),
            Backend::CoreMl(model) => &model.graph,
        }
    }

    fn plan(&self) -> Option<&Plan> {
        match &self.backend {
            Backend::Cpu(executor) => Some(&executor.plan),
            Backend::Reference(reference) => reference.plan(),
            Backend::CoreMl(model) => model.plan.as_ref(),
        }
    }

    /// The most rows of one call whose outputs, and what they append to caches, are bit for bit those of one call a row,
    /// where rows see earlier ones through a cache alone; 1 where that is not known.
    pub fn independent_rows(&self) -> usize {
        match &self.backend {
            Backend::Cpu(executor) if !executor.plan.has_generic_steps() => FEW_ROWS,
            _ => 1,
        }
    }

    /// A state with all positions empty.
    pub fn new_state(&self) -> State {
        // Sizes were checked against the description and the element cap when the package was opened.
        let zeros = |dtype, shape: Vec<usize>| Tensor::zeros(dtype, shape).unwrap_or_else(|e| unreachable!("{e}"));
        let graph = self.graph();
        let mut kept = vec![Kept::Whole; graph.states.len()];
        for (kept, cache) in kept.iter_mut().zip(self.plan().into_iter().flat_map(|plan| &plan.caches)) {
            if cache.length.is_some() {
                *kept = Kept::Positions;
            }
        }
        let core_ml = match &self.backend {
            Backend::CoreMl(model) => Some(model.engine.new_states()),
            Backend::Cpu(_) | Backend::Reference(_) => None,
        };
        let states = graph.states.iter().map(|state| {
            let fact = graph.fact(state.initial);
            zeros(fact.dtype, fact.fixed_shape().unwrap_or_default())
        });
        let mut caches: Vec<Tensor> = if core_ml.is_some() { Vec::new() } else { states.collect() };
        let workspace = match &self.backend {
            Backend::Cpu(executor) => {
                caches.resize_with(executor.plan.caches.len(), no_positions);
                executor.workspace(&caches)
            }
            Backend::Reference(_) | Backend::CoreMl(_) => Workspace::default(),
        };
        kept.resize(kept.len().max(caches.len()), Kept::Nothing);
        State { model: self.id, caches, core_ml, kept, len: 0, workspace, bound: check::Bound::default() }
    }

    /// What tells this model's states from those of another: the files of the package (names, sizes and times), the
    /// function, and the precision. `None` where the system keeps no times.
    ///
    /// Keys and values that were copied out of a state belong to models of the same fingerprint.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        packed_cache::function_fingerprint(&self.package, &self.function, self.precision).ok()
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
        let mut outputs = Outputs::new();
        self.predict_into(inputs, state, options, &mut outputs)?;
        Ok(outputs)
    }

    /// [`Model::predict_with`] into the outputs of an earlier call: tensors that nobody else holds give their memory to
    /// the new ones. A loop that keeps its inputs, state and outputs from call to call stops allocating.
    ///
    /// # Errors
    /// As [`Model::predict`]; outputs of an earlier call of this model are unchanged then.
    pub fn predict_into(
        &self,
        inputs: &Inputs,
        state: &mut State,
        options: &PredictOptions,
        outputs: &mut Outputs,
    ) -> Result<(), RuntimeError> {
        let end = self.begin(inputs, state, options, outputs)?;
        let State { caches, core_ml, workspace, bound, .. } = &mut *state;
        match &self.backend {
            Backend::Cpu(executor) => {
                let Workspace { arena, call } = workspace;
                executor.run(&mut [Lane::new(inputs, bound, caches, call, options, outputs)], arena)?;
            }
            Backend::Reference(reference) => {
                let computed = reference.run(inputs, caches)?;
                outputs.extend(self.graph().outputs.iter().map(|output| output.name.clone()).zip(computed));
            }
            Backend::CoreMl(model) => {
                let states = core_ml.as_mut().ok_or(RuntimeError::ForeignState)?;
                model.engine.run(&model.graph, model.plan.as_ref(), inputs, bound, states, outputs)?;
            }
        }
        state.len = end.unwrap_or(state.len);
        Ok(())
    }

    /// [`Model::predict_into`] for several callers at once: weights are read once for all of them. What each gets is bit
    /// for bit what it would get alone. `memory` grows as needed; keep it from batch to batch.
    ///
    /// # Errors
    /// As [`Model::predict`], with the number of the call that does not fit. Every state is unchanged then.
    pub fn predict_batch(&self, calls: &mut [BatchCall<'_>], memory: &mut BatchMemory) -> Result<(), RuntimeError> {
        let Backend::Cpu(executor) = &self.backend else {
            return calls
                .iter_mut()
                .try_for_each(|call| self.predict_into(call.inputs, call.state, &call.options, call.outputs));
        };
        let mut ends = Vec::with_capacity(calls.len());
        for (number, call) in calls.iter_mut().enumerate() {
            let end = self.begin(call.inputs, call.state, &call.options, call.outputs);
            ends.push(end.map_err(|source| RuntimeError::Batch { number, source: Box::new(source) })?);
        }
        let lanes = calls.iter_mut().map(|call| {
            let State { caches, workspace, bound, .. } = &mut *call.state;
            Lane::new(call.inputs, bound, caches, &mut workspace.call, &call.options, call.outputs)
        });
        executor.run(&mut lanes.collect::<Vec<_>>(), &mut memory.arena)?;
        for (call, end) in calls.iter_mut().zip(ends) {
            call.state.len = end.unwrap_or(call.state.len);
        }
        Ok(())
    }

    /// Runs the function on a new state, and takes the call backwards. `loss` writes the gradient of a loss with respect to one row
    /// of the outputs, which it is given with its number; `visit` sees how the loss changes with the outputs of every linear layer,
    /// from the last layer to the first. Weights have no gradients. Exact as far as keys and values in f16 are for a model in
    /// [`Precision::Exact`]; the gradients of a fast one take no notice of rounding.
    ///
    /// # Errors
    /// As [`Model::predict`]; [`RuntimeError::NoGradient`] when another back end than our own for the cpu runs the model, or its
    /// plan has steps that are not taken backwards.
    pub fn backward(
        &self,
        inputs: &Inputs,
        loss: Loss<'_>,
        visit: &mut dyn FnMut(&LinearGradient<'_>),
    ) -> Result<(), RuntimeError> {
        let Backend::Cpu(executor) = &self.backend else {
            return Err(RuntimeError::NoGradient(format!("{:?} runs it", self.placement.backend)));
        };
        let (mut state, mut outputs, options) = (self.new_state(), Outputs::new(), PredictOptions::default());
        self.begin(inputs, &mut state, &options, &mut outputs)?;
        let State { caches, workspace, bound, .. } = &mut state;
        let lane = Lane::new(inputs, bound, caches, &mut workspace.call, &options, &mut outputs);
        executor.backward(lane, loss, visit)
    }

    /// Checks a call before anything is computed, and clears outputs of another model. Gives the length of the state after
    /// the call, where the model appends to states.
    fn begin(
        &self,
        inputs: &Inputs,
        state: &mut State,
        options: &PredictOptions,
        outputs: &mut Outputs,
    ) -> Result<Option<usize>, RuntimeError> {
        if state.model != self.id {
            return Err(RuntimeError::ForeignState);
        }
        let graph = self.graph();
        state.bound.bind(graph, inputs)?;
        for mask in &self.masks {
            let tensor = inputs.at(state.bound.positions[mask.input]);
            mask.check(&graph.value(graph.inputs[mask.input]).name, tensor, &state.bound.sizes)?;
        }
        let end = self.end(state, options)?;
        if !graph.outputs.iter().map(|output| &output.name).eq(outputs.keys()) {
            outputs.clear();
        }
        Ok(end)
    }

    /// Checks that the call continues the state; gives the length after it, where the model appends to states.
    fn end(&self, state: &State, options: &PredictOptions) -> Result<Option<usize>, RuntimeError> {
        let Some((plan, length)) = self.plan().and_then(|plan| Some((plan, plan.state_length()?))) else {
            return Ok(None);
        };
        let size = |dim: &Dim| dim.eval(&state.bound.sizes).and_then(|value| usize::try_from(value).ok());
        let span = size(length).and_then(|end| Some((end.checked_sub(size(&plan.rows)?)?, end)));
        let Some((begin, end)) = span else {
            return Err(RuntimeError::Sizes {
                rule: format!("0 <= {}", length.clone() - plan.rows.clone()),
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

/// Loads a function into one of the back ends that run anywhere.
fn load_own(
    lowered: Graph,
    graph: Graph,
    package: &Package,
    options: &LoadOptions,
    notes: &mut Vec<String>,
    observe: Observe<'_>,
) -> Result<Backend, RuntimeError> {
    begin(LoadStage::Reading, observe)?;
    let exact = options.precision == Precision::Exact;
    notes.extend(missing_units(options.compute_units));
    let plan = cpu::select(&graph);
    Ok(match (options.backend, plan) {
        (Some(BackendKind::Reference), plan) => {
            Backend::Reference(Box::new(Reference::new(lowered, plan.ok(), package, exact)))
        }
        (_, Ok(plan)) => Backend::Cpu(Box::new(cpu::load(graph, plan, package, options, notes)?)),
        (_, Err(reason)) => {
            notes.push(format!("the cpu back end has no plan for this package: {reason}; the reference runs it"));
            Backend::Reference(Box::new(Reference::new(lowered, None, package, exact)))
        }
    })
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
    vec![format!("our own engine has no {missing} back end; the CPU runs everything")]
}
