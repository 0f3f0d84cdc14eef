//! What is in a package: everything that `inspect` shows, gathered without looking at a single weight.

mod language;
mod weights;

use std::path::PathBuf;

use indexmap::IndexMap;
use serde::Serialize;
use sottovoce_mil::{
    Package,
    description::{Feature, FeatureType},
    program::Block,
};

pub use language::{FirstInput, Variant, Verdict};
pub use weights::Weights;

/// A package as `inspect --json` prints it.
#[derive(Debug, Serialize)]
pub struct Inspection {
    /// The package.
    pub path: PathBuf,
    /// Version of the Core ML specification.
    pub spec_version: i32,
    /// The first systems that run it.
    pub runs_on: Option<&'static str>,
    /// Author, licence and so on, where given.
    pub metadata: IndexMap<String, String>,
    /// Functions.
    pub functions: Vec<FunctionInspection>,
    /// Weights of all functions, shared ones once.
    pub weights: Weights,
    /// True when the weight files that the program names are there.
    pub complete: bool,
    /// What the default function is.
    pub verdict: Verdict,
}

/// One function.
#[derive(Debug, Serialize)]
pub struct FunctionInspection {
    /// Name.
    pub name: String,
    /// True for the one that runs unless another is asked for.
    pub default: bool,
    /// Opset.
    pub opset: String,
    /// Inputs.
    pub inputs: Vec<Value>,
    /// Outputs.
    pub outputs: Vec<Value>,
    /// States.
    pub states: Vec<Value>,
    /// Operations that are no constants, nested blocks included.
    pub operations: usize,
    /// Constants.
    pub constants: usize,
    /// Number of operations by kind, the most frequent first.
    pub histogram: IndexMap<String, usize>,
}

/// An input, output or state.
#[derive(Debug, Serialize)]
pub struct Value {
    /// Name.
    pub name: String,
    /// Element type, where described.
    pub dtype: Option<&'static str>,
    /// Shape as text: `1..512` for a flexible dimension, `[1, 64] | [1, 128]` for a list of shapes.
    pub shape: String,
    /// True when an input may be left out.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl Inspection {
    /// Looks at a package.
    pub fn of(package: &Package) -> Self {
        Self {
            path: package.path().to_owned(),
            spec_version: package.spec_version,
            runs_on: systems(package.spec_version),
            metadata: metadata(package),
            functions: package.functions().map(|name| FunctionInspection::of(package, name)).collect(),
            weights: Weights::of(&package.program),
            complete: package.require_weights().is_ok(),
            verdict: Verdict::of(package, package.default_function()),
        }
    }
}

impl FunctionInspection {
    fn of(package: &Package, name: &str) -> Self {
        let values = |features: &[Feature]| features.iter().map(Value::of).collect();
        let interface = package.interface(name);
        let function = package.program.functions.get(name);
        let mut histogram = IndexMap::new();
        let block = function.and_then(|function| function.active_block());
        block.into_iter().for_each(|block| count_operations(block, &mut histogram));
        let constants = histogram.shift_remove("const").unwrap_or(0);
        // The sort is stable, so equals stay in the order of the program.
        histogram.sort_by(|_, a, _, b| b.cmp(a));
        Self {
            name: name.to_owned(),
            default: name == package.default_function(),
            opset: function.map(|function| function.opset.clone()).unwrap_or_default(),
            inputs: interface.map(|interface| values(&interface.inputs)).unwrap_or_default(),
            outputs: interface.map(|interface| values(&interface.outputs)).unwrap_or_default(),
            states: interface.map(|interface| values(&interface.states)).unwrap_or_default(),
            operations: histogram.values().sum(),
            constants,
            histogram,
        }
    }
}

fn count_operations(block: &Block, histogram: &mut IndexMap<String, usize>) {
    for operation in &block.operations {
        *histogram.entry(operation.kind.clone()).or_default() += 1;
        operation.blocks.iter().for_each(|block| count_operations(block, histogram));
    }
}

impl Value {
    fn of(feature: &Feature) -> Self {
        let dtype = match &feature.ty {
            FeatureType::Array { dtype, .. } => dtype.map(|dtype| dtype.name()),
            FeatureType::Other(_) => None,
        };
        Self { name: feature.name.clone(), dtype, shape: feature.ty.shape_text(), optional: feature.optional }
    }
}

/// The systems that introduced a version of the specification (Apple's `Model.proto`).
fn systems(spec_version: i32) -> Option<&'static str> {
    Some(match spec_version {
        6 => "iOS 15, macOS 12",
        7 => "iOS 16, macOS 13",
        8 => "iOS 17, macOS 14",
        9 => "iOS 18, macOS 15",
        10 => "iOS 26, macOS 26",
        _ => return None,
    })
}

fn metadata(package: &Package) -> IndexMap<String, String> {
    let metadata = &package.description.metadata;
    let known = [
        ("description", &metadata.short_description),
        ("version", &metadata.version),
        ("author", &metadata.author),
        ("licence", &metadata.license),
    ];
    let known =
        known.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key.to_owned(), text.clone()));
    known.chain(metadata.user_defined.iter().map(|(key, text)| (key.clone(), text.clone()))).collect()
}
