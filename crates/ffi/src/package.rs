//! Core ML packages on arrays: what they are, and what they compute.

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use sottovoce_llm::package::LanguageInterface;
use sottovoce_mil::description::{self, FeatureType, Flexibility};
use sottovoce_runtime::{Inputs, Model, State};

use crate::{Backend, ElementType, LoadOptions, MultiArray, SottovoceError};

/// Sizes that a dimension may have, ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SizeRange {
    /// The least.
    pub least: u64,
    /// The most; none where there is no limit.
    pub most: Option<u64>,
}

/// Shapes that an input may have.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum AllowedShapes {
    /// The one that it is described with.
    Fixed,
    /// One of these.
    Enumerated {
        /// The shapes.
        shapes: Vec<Vec<u64>>,
    },
    /// Any whose sizes lie in these ranges.
    Ranges {
        /// One for each dimension.
        ranges: Vec<SizeRange>,
    },
}

/// An input, output or state.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// Type and shape in words, `float16 [1, 1, 1..64, 1..64]` for instance.
    pub text: String,
    /// Type of its elements; none where the package leaves it open, or where it is no array.
    pub element_type: Option<ElementType>,
    /// The shape that it is described with; may be empty for outputs.
    pub shape: Vec<u64>,
    /// Other shapes that it may have.
    pub allowed: AllowedShapes,
    /// Whether it may be left out.
    pub optional: bool,
}

/// What a package says about itself.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct PackageDescription {
    /// Its folder.
    pub path: String,
    /// Its functions.
    pub functions: Vec<String>,
    /// The one that is described here.
    pub function: String,
    /// What it takes.
    pub inputs: Vec<Feature>,
    /// What it gives.
    pub outputs: Vec<Feature>,
    /// What it remembers from call to call.
    pub states: Vec<Feature>,
    /// What kind of language model it is, and how it is driven; none for anything else.
    pub language_model: Option<String>,
    /// Author, licence, version and whatever else its makers wrote.
    pub metadata: HashMap<String, String>,
}

/// What a package says about itself, without reading its weights.
///
/// # Errors
/// There is no package, it is damaged, or it has no such function.
#[uniffi::export(default(function = None))]
pub fn inspect(path: String, function: Option<String>) -> Result<PackageDescription, SottovoceError> {
    let package = sottovoce_mil::Package::open(Path::new(&path))?;
    let function = function.unwrap_or_else(|| package.default_function().to_owned());
    if !package.functions().any(|name| name == function) {
        let functions: Vec<&str> = package.functions().collect();
        let reason = format!("{path} has no function '{function}'; it has {}", functions.join(", "));
        return Err(SottovoceError::Package { reason });
    }
    Ok(describe(&package, &function))
}

fn describe(package: &sottovoce_mil::Package, function: &str) -> PackageDescription {
    let interface = package.interface(function).cloned().unwrap_or_default();
    let features = |features: &[description::Feature]| features.iter().map(feature).collect();
    let description::Metadata { short_description, version, author, license, user_defined } =
        package.description.metadata.clone();
    let named = [("description", short_description), ("version", version), ("author", author), ("license", license)];
    let named = named.into_iter().map(|(key, value)| (key.to_owned(), value));
    PackageDescription {
        path: package.path().display().to_string(),
        functions: package.functions().map(str::to_owned).collect(),
        function: function.to_owned(),
        inputs: features(&interface.inputs),
        outputs: features(&interface.outputs),
        states: features(&interface.states),
        language_model: LanguageInterface::of(package, function).ok().map(|interface| interface.to_string()),
        metadata: named.chain(user_defined).filter(|(_, value)| !value.is_empty()).collect(),
    }
}

fn feature(feature: &description::Feature) -> Feature {
    let (element_type, shape, allowed) = match &feature.ty {
        FeatureType::Array { dtype, shape, flexibility } => {
            (dtype.and_then(ElementType::of), sizes(shape), allowed(flexibility))
        }
        FeatureType::Other(_) => (None, Vec::new(), AllowedShapes::Fixed),
    };
    let (name, text) = (feature.name.clone(), feature.ty.to_string());
    Feature { name, text, element_type, shape, allowed, optional: feature.optional }
}

fn allowed(flexibility: &Flexibility) -> AllowedShapes {
    match flexibility {
        Flexibility::Fixed => AllowedShapes::Fixed,
        Flexibility::Enumerated(shapes) => {
            AllowedShapes::Enumerated { shapes: shapes.iter().map(|shape| sizes(shape)).collect() }
        }
        Flexibility::Ranges(ranges) => {
            let range = |&(least, most): &(usize, Option<usize>)| SizeRange {
                least: least as u64,
                most: most.map(|most| most as u64),
            };
            AllowedShapes::Ranges { ranges: ranges.iter().map(range).collect() }
        }
    }
}

fn sizes(shape: &[usize]) -> Vec<u64> {
    shape.iter().map(|&size| size as u64).collect()
}

/// A package that is ready to predict. It may be shared between threads.
#[derive(uniffi::Object)]
pub struct Package {
    model: Arc<Model>,
}

impl Package {
    pub(crate) fn of(model: Arc<Model>) -> Arc<Self> {
        Arc::new(Self { model })
    }
}

#[uniffi::export]
impl Package {
    /// Loads the package folder at `path`. Everything in it that is not supported is an error here, with its name and place.
    ///
    /// # Errors
    /// The package is damaged or asks for what is not supported.
    #[uniffi::constructor]
    pub fn load(path: String, options: LoadOptions) -> Result<Arc<Self>, SottovoceError> {
        Ok(Self::of(Arc::new(Model::load(path, &options.runtime())?)))
    }

    /// What it says about itself.
    pub fn description(&self) -> PackageDescription {
        describe(self.model.package(), self.model.function())
    }

    /// What runs it.
    pub fn backend(&self) -> Backend {
        Backend::of(&self.model)
    }

    /// What was asked for and is not there, in sentences.
    pub fn notes(&self) -> Vec<String> {
        self.model.placement().notes.clone()
    }

    /// Threads in use.
    pub fn threads(&self) -> u32 {
        self.model.threads() as u32
    }

    /// A state with nothing in it.
    pub fn new_state(&self) -> Arc<PackageState> {
        PackageState::of(self.model.new_state())
    }

    /// Runs the package on arrays by name, on `state`, which remembers what it wrote; without one on a new one.
    ///
    /// # Errors
    /// An array is missing, unknown or does not fit, or the call does not begin where the state ends. The state is then as
    /// it was.
    #[uniffi::method(default(state = None))]
    pub fn predict(
        &self,
        inputs: HashMap<String, MultiArray>,
        state: Option<Arc<PackageState>>,
    ) -> Result<HashMap<String, MultiArray>, SottovoceError> {
        let tensors = inputs.into_iter().map(|(name, array)| Ok((name, array.tensor()?)));
        let inputs = tensors.collect::<Result<Inputs, SottovoceError>>()?;
        let state = state.unwrap_or_else(|| self.new_state());
        let outputs = self.model.predict(&inputs, &mut state.lock())?;
        let arrays = outputs.iter().map(|(name, tensor)| Ok((name.clone(), MultiArray::of(name, tensor)?)));
        arrays.collect()
    }
}

/// What a package remembers between calls: keys and values, for a language model.
#[derive(uniffi::Object)]
pub struct PackageState {
    state: Mutex<State>,
}

impl PackageState {
    fn of(state: State) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new(state) })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // A call that failed leaves the state as it was.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl PackageState {
    /// Positions in it; 0 for packages that append to none.
    pub fn length(&self) -> u32 {
        self.lock().len() as u32
    }

    /// Forgets all positions from `length` on.
    ///
    /// # Errors
    /// There are fewer.
    pub fn rewind(&self, length: u32) -> Result<(), SottovoceError> {
        Ok(self.lock().rewind(length as usize)?)
    }

    /// A copy that goes its own way.
    pub fn fork(&self) -> Arc<Self> {
        Self::of(self.lock().clone())
    }

    /// Bytes that it takes when it is full.
    pub fn bytes(&self) -> u64 {
        self.lock().bytes() as u64
    }
}
