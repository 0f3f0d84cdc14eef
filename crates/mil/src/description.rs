//! The model description: what a caller sees of a package, per function.

use indexmap::IndexMap;
use sottovoce_tensor::DType;

/// Interface of a package.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelDescription {
    /// Interface of the only function of packages that do not list functions.
    pub main: FunctionDescription,
    /// Interfaces by function name, for packages with several functions.
    pub functions: IndexMap<String, FunctionDescription>,
    /// Name of the function that runs unless another is asked for; empty means `main`.
    pub default_function: String,
    /// Author, licence and so on.
    pub metadata: Metadata,
}

/// Inputs, outputs and states of one function.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FunctionDescription {
    /// Inputs in order.
    pub inputs: Vec<Feature>,
    /// Outputs in order.
    pub outputs: Vec<Feature>,
    /// States in order.
    pub states: Vec<Feature>,
}

/// A named input, output or state.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// Name.
    pub name: String,
    /// Free text.
    pub short_description: String,
    /// True when an input may be left out.
    pub optional: bool,
    /// Type.
    pub ty: FeatureType,
}

/// Type of a feature.
#[derive(Clone, Debug, PartialEq)]
pub enum FeatureType {
    /// A multi-array.
    Array {
        /// Element type; `None` when the description leaves it open.
        dtype: Option<DType>,
        /// Default shape; may be empty for outputs.
        shape: Vec<usize>,
        /// What shapes are allowed.
        flexibility: Flexibility,
    },
    /// Anything else; it survives a round trip, but nothing runs it.
    Other(OtherFeature),
}

/// A feature type that is not an array, an image for instance.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherFeature {
    /// `int64`, `double`, `string`, `image`, `dictionary` or `sequence`.
    pub kind: String,
    /// The protobuf message that describes it.
    pub encoded: Vec<u8>,
}

/// Shapes that an input accepts.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Flexibility {
    /// Only the default shape.
    #[default]
    Fixed,
    /// One of a list.
    Enumerated(Vec<Vec<usize>>),
    /// Each dimension in a range, ends included; `None` means unbounded.
    Ranges(Vec<(usize, Option<usize>)>),
}

/// Free text about a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// One line about the model.
    pub short_description: String,
    /// Version of the model.
    pub version: String,
    /// Author.
    pub author: String,
    /// Licence.
    pub license: String,
    /// Anything else, in the order of the file.
    pub user_defined: IndexMap<String, String>,
}
