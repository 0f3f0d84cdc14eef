//! The model description: what a caller sees of a package, per function.

use std::fmt;

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

impl FeatureType {
    /// Shape as text: `[1, 1..512]` for a flexible dimension, `[1, 64] | [1, 128]` for a list of shapes.
    pub fn shape_text(&self) -> String {
        match self {
            Self::Array { shape, flexibility, .. } => flexibility.shape_text(shape),
            Self::Other(other) => other.kind.clone(),
        }
    }
}

/// `int32 [1, 1..512]`.
impl fmt::Display for FeatureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Array { dtype: Some(dtype), .. } = self {
            write!(f, "{dtype} ")?;
        }
        f.write_str(&self.shape_text())
    }
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

impl Flexibility {
    fn shape_text(&self, shape: &[usize]) -> String {
        let fixed = |shape: &[usize]| format!("[{}]", join(shape.iter().map(ToString::to_string), ", "));
        match self {
            Self::Fixed if shape.is_empty() => "any shape".to_owned(),
            Self::Fixed => fixed(shape),
            Self::Enumerated(shapes) => join(shapes.iter().map(|shape| fixed(shape)), " | "),
            Self::Ranges(ranges) => {
                let range = |&(low, high): &(usize, Option<usize>)| match high {
                    Some(high) if high == low => low.to_string(),
                    Some(high) => format!("{low}..{high}"),
                    None => format!("{low}.."),
                };
                format!("[{}]", join(ranges.iter().map(range), ", "))
            }
        }
    }
}

fn join(parts: impl Iterator<Item = String>, separator: &str) -> String {
    parts.collect::<Vec<_>>().join(separator)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelt_with_ranges_and_lists() {
        let text = |shape: &[usize], flexibility| {
            FeatureType::Array { dtype: Some(DType::I32), shape: shape.to_vec(), flexibility }.to_string()
        };
        assert_eq!(text(&[1, 4], Flexibility::Fixed), "int32 [1, 4]");
        assert_eq!(text(&[], Flexibility::Fixed), "int32 any shape");
        assert_eq!(text(&[1, 4], Flexibility::Ranges(vec![(1, Some(1)), (1, Some(64))])), "int32 [1, 1..64]");
        assert_eq!(text(&[4], Flexibility::Ranges(vec![(2, None)])), "int32 [2..]");
        assert_eq!(text(&[1], Flexibility::Enumerated(vec![vec![1], vec![8]])), "int32 [1] | [8]");
    }
}
