//! A model in Core ML: compiled, loaded with the first units that compute, called with our tensors.
#![allow(unsafe_code)]

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
};

use block2::RcBlock;
use objc2::{
    AnyThread, available,
    rc::{Retained, autoreleasepool},
    runtime::{AnyObject, ProtocolObject},
};
use objc2_core_ml::{
    MLComputeUnits, MLDictionaryFeatureProvider, MLFeatureProvider, MLFeatureValue, MLModel, MLModelConfiguration,
    MLMultiArray, MLPredictionOptions,
};
use objc2_foundation::{NSDictionary, NSError, NSString, NSURL};
use sottovoce_graph::ir::{Graph, Output};
use sottovoce_mil::Package;
use sottovoce_tensor::Tensor;

use super::{
    advice::advice,
    arrays,
    compiled::{self, Compiled},
    fatal, ids,
    states::{Declared, States},
    trial, units,
};
use crate::{
    ComputeUnits, Inputs, LoadOptions, LoadStage, Outputs, Precision,
    check::Bound,
    cpu::Plan,
    error::RuntimeError,
    options::{Observe, begin},
    packed_cache,
};

/// A function of a package in Core ML.
pub struct Engine {
    model: Arc<Loaded>,
    /// Core ML takes our memory for its outputs.
    writes_to_ours: bool,
}

/// Core ML's model, and its states as the package declares them.
pub struct Loaded {
    model: Mutex<Handle>,
    pub(super) states: Vec<Declared>,
    /// The folder that the model is read from.
    _compiled: Arc<Compiled>,
}

struct Handle(Retained<MLModel>);

// SAFETY: a model is not tied to the thread that made it. Core ML asks that one thread at a time uses it; the mutex around
// every handle sees to that.
unsafe impl Send for Handle {}

impl Loaded {
    /// The model, for this thread alone.
    pub(super) fn lock(&self) -> impl std::ops::Deref<Target = MLModel> {
        ModelGuard(self.model.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct ModelGuard<'a>(MutexGuard<'a, Handle>);

impl std::ops::Deref for ModelGuard<'_> {
    type Target = MLModel;

    fn deref(&self) -> &MLModel {
        &self.0.0
    }
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loaded").finish_non_exhaustive()
    }
}

/// Loads a function with the first of the units asked for that computes. `None` when Core ML cannot run it; `notes` has what
/// was refused, and why.
///
/// # Errors
/// [`RuntimeError::NoCoreMl`] when there is none that could be asked, [`RuntimeError::Cancelled`] when `observe` wants no more.
pub fn load(
    graph: &Graph,
    package: &Package,
    function: &str,
    options: &LoadOptions,
    notes: &mut Vec<String>,
    observe: Observe<'_>,
) -> Result<Option<Engine>, RuntimeError> {
    if !available!(macos = 15.0, ios = 18.0, tvos = 18.0, visionos = 2.0, watchos = 11.0) {
        return Err(RuntimeError::NoCoreMl {
            reason: "it needs macOS 15 or iOS 18, and this system is older".to_owned(),
        });
    }
    if options.precision == Precision::Exact {
        let reason = "it computes in the types of the package, and exact precision was asked for".to_owned();
        return Err(RuntimeError::NoCoreMl { reason });
    }
    if let Some(reason) = fatal::reason(package, ComputeUnits::CpuOnly) {
        notes.push(reason);
        return Ok(None);
    }
    let function = (function != package.default_function()).then_some(function);
    let first = |compiled: Compiled, notes: &mut Vec<String>, observe: Observe<'_>| {
        let compiled = Arc::new(compiled);
        let open = |units| match fatal::reason(package, units) {
            Some(reason) => Err(RuntimeError::NoCoreMl { reason }),
            None => Engine::open(graph, Arc::clone(&compiled), function, units),
        };
        let engine = units::first_that_works(options.compute_units, notes, observe, open)?;
        if engine.is_none() {
            Arc::into_inner(compiled).into_iter().for_each(Compiled::discard);
        }
        Ok::<_, RuntimeError>(engine)
    };
    let fingerprint = packed_cache::package_fingerprint(package).ok().filter(|_| options.packed_cache);
    let kept = fingerprint.map(|fingerprint| compiled::path(package.path(), &fingerprint));
    if let Some(compiled) = kept.as_deref().and_then(Compiled::find) {
        let mut tried = Vec::new();
        if let Some(engine) = first(compiled, &mut tried, observe)? {
            notes.append(&mut tried);
            return Ok(Some(engine));
        }
        // It ran once, so it is damaged, or the system is another now: it is compiled anew.
    }
    begin(LoadStage::Compiling, observe)?;
    let mut compiled = match compile(package.path()) {
        Ok(folder) => Compiled::temporary(folder),
        Err(error) => {
            notes.push(error.to_string());
            return Ok(None);
        }
    };
    if let Some(kept) = kept
        && let Err(error) = compiled.keep(package.path(), kept)
    {
        notes.push(error.to_string());
    }
    first(compiled, notes, observe)
}

/// Compiles a package into a folder of the system's for temporary files.
fn compile(package: &Path) -> Result<PathBuf, RuntimeError> {
    const ACTION: &str = "compile the package";
    let (sender, receiver) = mpsc::channel();
    let handler = RcBlock::new(move |url: *mut NSURL, error: *mut NSError| {
        // SAFETY: Core ML passes null, or an object that is valid within this block.
        let (url, error) = unsafe { (url.as_ref(), error.as_ref()) };
        let compiled = match (url.and_then(NSURL::to_file_path), error) {
            (Some(path), _) => Ok(path),
            (None, Some(error)) => Err(core_ml_error(ACTION, error)),
            (None, None) => Err(silence(ACTION)),
        };
        // Nobody waits for a second answer.
        let _ = sender.send(compiled);
    });
    autoreleasepool(|_| {
        let url = file_url(package)?;
        // SAFETY: the block takes what the method passes, and owns what it uses, on whatever thread it is called.
        unsafe { MLModel::compileModelAtURL_completionHandler(&url, &handler) };
        Ok::<_, RuntimeError>(())
    })?;
    // Core ML holds the block from here on: when it is gone without an answer, there is none.
    drop(handler);
    receiver.recv().unwrap_or_else(|_| Err(silence(ACTION)))
}

impl Engine {
    fn open(
        graph: &Graph,
        compiled: Arc<Compiled>,
        function: Option<&str>,
        units: ComputeUnits,
    ) -> Result<Self, RuntimeError> {
        let model = autoreleasepool(|_| {
            let url = file_url(compiled.path())?;
            // SAFETY: a fresh configuration that nobody else has; its setters copy what they are given.
            let configuration = unsafe {
                let configuration = MLModelConfiguration::new();
                configuration.setComputeUnits(core_ml_units(units));
                configuration.setFunctionName(function.map(NSString::from_str).as_deref());
                configuration
            };
            // SAFETY: both arguments are alive.
            let model = unsafe { MLModel::modelWithContentsOfURL_configuration_error(&url, &configuration) };
            model.map_err(|error| core_ml_error("load the model", &error))
        })?;
        let declared = graph.states.iter().map(|state| {
            let fact = graph.fact(state.initial);
            let shape = fact.fixed_shape().unwrap_or_default();
            Declared { name: state.name.clone(), dtype: fact.dtype, shape }
        });
        let loaded = Loaded { model: Mutex::new(Handle(model)), states: declared.collect(), _compiled: compiled };
        let mut engine = Self { model: Arc::new(loaded), writes_to_ours: true };
        engine.try_out(graph)?;
        Ok(engine)
    }

    /// Computes one token: only then Core ML says whether the units can.
    fn try_out(&mut self, graph: &Graph) -> Result<(), RuntimeError> {
        self.new_states().check()?;
        let Some(inputs) = trial::inputs(graph) else {
            self.writes_to_ours = false;
            return Ok(());
        };
        let mut bound = Bound::default();
        bound.bind(graph, &inputs)?;
        let call =
            |engine: &Self| engine.run(graph, None, &inputs, &bound, &mut engine.new_states(), &mut Outputs::new());
        if call(self).is_err() {
            self.writes_to_ours = false;
            call(self)?;
        }
        Ok(())
    }

    /// States of zeros.
    pub fn new_states(&self) -> States {
        States::new(Arc::clone(&self.model))
    }

    /// Runs the function; `bound` has the inputs and sizes of the call, `plan` says which of them are ids. Outputs are
    /// replaced when all of them are there.
    ///
    /// # Errors
    /// [`RuntimeError::CoreMl`] when the prediction fails, [`RuntimeError::TokenId`] when an id is none.
    pub fn run(
        &self,
        graph: &Graph,
        plan: Option<&Plan>,
        inputs: &Inputs,
        bound: &Bound,
        states: &mut States,
        outputs: &mut Outputs,
    ) -> Result<(), RuntimeError> {
        plan.map_or(Ok(()), |plan| ids::check(graph, plan, inputs, bound))?;
        let computed = autoreleasepool(|_| {
            let features = features(graph, inputs, bound)?;
            let ours: Vec<_> = match self.writes_to_ours {
                true => graph.outputs.iter().map(|output| room(graph, output, bound)).collect::<Result<_, _>>()?,
                false => graph.outputs.iter().map(|_| None).collect(),
            };
            let options = prediction_options(graph, &ours);
            let features = ProtocolObject::from_ref(&*features);
            // SAFETY: all arguments are alive; the mutex gives the model to this thread alone, and `states` is borrowed
            // mutably, so that no other prediction uses them.
            let results = unsafe {
                self.model.lock().predictionFromFeatures_usingState_options_error(features, states.handle(), &options)
            };
            let results = results.map_err(|error| core_ml_error("compute the prediction", &error))?;
            let outputs = graph.outputs.iter().zip(ours);
            outputs.map(|(output, ours)| result(graph, output, &results, ours)).collect::<Result<Vec<_>, _>>()
        })?;
        outputs.extend(graph.outputs.iter().map(|output| output.name.clone()).zip(computed));
        Ok(())
    }
}

/// The inputs of a call, over the caller's memory.
fn features(
    graph: &Graph,
    inputs: &Inputs,
    bound: &Bound,
) -> Result<Retained<MLDictionaryFeatureProvider>, RuntimeError> {
    let mut names = Vec::with_capacity(graph.inputs.len());
    let mut values: Vec<Retained<AnyObject>> = Vec::with_capacity(graph.inputs.len());
    for (&input, &position) in graph.inputs.iter().zip(&bound.positions) {
        let name = &graph.value(input).name;
        let array = arrays::to_read(name, inputs.at(position))?;
        names.push(NSString::from_str(name));
        // SAFETY: the array is alive, and the value holds it.
        values.push(unsafe { MLFeatureValue::featureValueWithMultiArray(&array) }.into());
    }
    let names: Vec<&NSString> = names.iter().map(|name| &**name).collect();
    let dictionary = NSDictionary::from_retained_objects(&names, &values);
    // SAFETY: the values are `MLFeatureValue`s, which the initialiser takes.
    let provider = unsafe {
        MLDictionaryFeatureProvider::initWithDictionary_error(MLDictionaryFeatureProvider::alloc(), &dictionary)
    };
    provider.map_err(|error| core_ml_error("take the inputs", &error))
}

/// A tensor for an output and the array over it. `None` when its size is known only once it is computed.
type Room = Option<(Tensor, Retained<MLMultiArray>)>;

fn room(graph: &Graph, output: &Output, bound: &Bound) -> Result<Room, RuntimeError> {
    let fact = graph.fact(output.value);
    let size = |dim: &sottovoce_graph::ir::Dim| dim.eval(&bound.sizes).and_then(|size| usize::try_from(size).ok());
    let Some(shape) = fact.shape.iter().map(size).collect::<Option<Vec<_>>>() else { return Ok(None) };
    let mut tensor = Tensor::zeros(fact.dtype, shape)?;
    let array = arrays::to_write(&output.name, &mut tensor)?;
    Ok(Some((tensor, array)))
}

fn prediction_options(graph: &Graph, ours: &[Room]) -> Retained<MLPredictionOptions> {
    // SAFETY: an initialiser without arguments.
    let options = unsafe { MLPredictionOptions::new() };
    let with_room = graph.outputs.iter().zip(ours).filter_map(|(output, room)| Some((&output.name, room.as_ref()?)));
    let (names, arrays): (Vec<_>, Vec<Retained<AnyObject>>) =
        with_room.map(|(name, (_, array))| (NSString::from_str(name), array.clone().into())).unzip();
    let names: Vec<&NSString> = names.iter().map(|name| &**name).collect();
    let backings = NSDictionary::from_retained_objects(&names, &arrays);
    // SAFETY: the values are `MLMultiArray`s, which outputs of that kind may have; the setter copies the dictionary.
    unsafe { options.setOutputBackings(&backings) };
    options
}

/// An output: our tensor where Core ML wrote to it, else a copy.
fn result(
    graph: &Graph,
    output: &Output,
    results: &ProtocolObject<dyn MLFeatureProvider>,
    ours: Room,
) -> Result<Tensor, RuntimeError> {
    // SAFETY: results and name are alive; getters.
    let value = unsafe { results.featureValueForName(&NSString::from_str(&output.name)) };
    // SAFETY: a getter of a value that is alive.
    let array = value.and_then(|value| unsafe { value.multiArrayValue() });
    let dtype = graph.fact(output.value).dtype;
    let array = array.ok_or_else(|| RuntimeError::CoreMlArray {
        name: output.name.clone(),
        expected: format!("an array of {dtype}"),
        found: "nothing".to_owned(),
    })?;
    match ours {
        Some((tensor, room)) if Retained::as_ptr(&room) == Retained::as_ptr(&array) => Ok(tensor),
        _ => arrays::copy(&output.name, &array, dtype),
    }
}

fn core_ml_units(units: ComputeUnits) -> MLComputeUnits {
    match units {
        ComputeUnits::All => MLComputeUnits::All,
        ComputeUnits::CpuOnly => MLComputeUnits::CPUOnly,
        ComputeUnits::CpuAndGpu => MLComputeUnits::CPUAndGPU,
        ComputeUnits::CpuAndNeuralEngine => MLComputeUnits::CPUAndNeuralEngine,
    }
}

fn file_url(folder: &Path) -> Result<Retained<NSURL>, RuntimeError> {
    NSURL::from_directory_path(folder).ok_or_else(|| RuntimeError::CoreMl {
        action: "use the path",
        domain: "NSURL".to_owned(),
        code: 0,
        message: format!("{} is no path of a file", folder.display()),
        advice: "Move the package to a folder whose name holds no byte 0",
    })
}

/// An error of Core ML, with what it says lies under it.
pub(super) fn core_ml_error(action: &'static str, error: &NSError) -> RuntimeError {
    let mut message = error.localizedDescription().to_string();
    let mut under = error.underlyingErrors();
    while let Some(cause) = under.firstObject() {
        let cause_says = cause.localizedDescription().to_string();
        if !message.contains(&cause_says) {
            message = format!("{message}: {cause_says}");
        }
        under = cause.underlyingErrors();
    }
    let (domain, code) = (error.domain().to_string(), error.code() as i64);
    let advice = advice(&domain, code, &message);
    RuntimeError::CoreMl { action, domain, code, message, advice }
}

fn silence(action: &'static str) -> RuntimeError {
    RuntimeError::CoreMl {
        action,
        domain: "com.apple.CoreML".to_owned(),
        code: 0,
        message: "it gave neither a result nor an error".to_owned(),
        advice: "Try again; the system's log may say more",
    }
}
