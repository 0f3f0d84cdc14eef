//! The model description, both ways.

use std::collections::HashSet;

use indexmap::IndexMap;
use sottovoce_tensor::DType;

use super::model;
use crate::{
    MilError,
    description::{Feature, FeatureType, Flexibility, FunctionDescription, Metadata, ModelDescription, OtherFeature},
};

/// Core ML's numbers of the element types of arrays.
const ARRAY_TYPES: [(i32, DType); 5] = [
    (0x1_0010, DType::F16),
    (0x1_0020, DType::F32),
    (0x1_0040, DType::F64),
    (0x2_0008, DType::I8),
    (0x2_0020, DType::I32),
];

pub fn decode_description(message: model::ModelDescription) -> Result<ModelDescription, MilError> {
    let mut functions = IndexMap::with_capacity(message.functions.len());
    for function in message.functions {
        let interface = interface(function.input, function.output, function.state)?;
        if functions.insert(function.name.clone(), interface).is_some() {
            return Err(MilError::malformed("description", format!("function `{}` occurs twice", function.name)));
        }
    }
    let metadata = message.metadata.unwrap_or_default();
    Ok(ModelDescription {
        main: interface(message.input, message.output, message.state)?,
        functions,
        default_function: message.default_function_name,
        metadata: Metadata {
            short_description: metadata.short_description,
            version: metadata.version,
            author: metadata.author,
            license: metadata.license,
            user_defined: metadata.user_defined.into_iter().map(|entry| (entry.key, entry.value)).collect(),
        },
    })
}

fn interface(
    inputs: Vec<model::FeatureDescription>,
    outputs: Vec<model::FeatureDescription>,
    states: Vec<model::FeatureDescription>,
) -> Result<FunctionDescription, MilError> {
    let features = |messages: Vec<model::FeatureDescription>, is_state: bool| -> Result<Vec<Feature>, MilError> {
        let mut names = HashSet::new();
        let features = messages.into_iter().map(|message| {
            if !names.insert(message.name.clone()) {
                return Err(MilError::malformed(format!("feature `{}`", message.name), "occurs twice"));
            }
            feature(message, is_state)
        });
        features.collect()
    };
    Ok(FunctionDescription {
        inputs: features(inputs, false)?,
        outputs: features(outputs, false)?,
        states: features(states, true)?,
    })
}

fn feature(message: model::FeatureDescription, is_state: bool) -> Result<Feature, MilError> {
    let fail = |reason| MilError::malformed(format!("feature `{}`", message.name), reason);
    let ty = message.ty.unwrap_or_default();
    let optional = ty.is_optional;
    let other = |kind: &str, encoded| FeatureType::Other(OtherFeature { kind: kind.to_owned(), encoded });
    let kind = ty.kind.ok_or_else(|| fail("has no type".to_owned()))?;
    if matches!(kind, model::FeatureKind::State(_)) != is_state {
        return Err(fail("states, and only states, have the state type".to_owned()));
    }
    let ty = match kind {
        model::FeatureKind::Int64(encoded) => other("int64", encoded),
        model::FeatureKind::Double(encoded) => other("double", encoded),
        model::FeatureKind::String(encoded) => other("string", encoded),
        model::FeatureKind::Image(encoded) => other("image", encoded),
        model::FeatureKind::Dictionary(encoded) => other("dictionary", encoded),
        model::FeatureKind::Sequence(encoded) => other("sequence", encoded),
        model::FeatureKind::MultiArray(array) => decode_array(array).map_err(fail)?,
        model::FeatureKind::State(state) => decode_array(state.array.unwrap_or_default()).map_err(fail)?,
    };
    Ok(Feature { name: message.name, short_description: message.short_description, optional, ty })
}

fn decode_array(message: model::ArrayFeature) -> Result<FeatureType, String> {
    let dtype = match message.data_type {
        0 => None,
        number => match ARRAY_TYPES.iter().find(|entry| entry.0 == number) {
            Some(&(_, dtype)) => Some(dtype),
            None => return Err(format!("has the unknown array data type {number}")),
        },
    };
    let flexibility = match message.flexibility {
        None => Flexibility::Fixed,
        Some(model::ShapeFlexibility::Enumerated(message)) => {
            Flexibility::Enumerated(message.shapes.iter().map(|shape| sizes(&shape.shape)).collect::<Result<_, _>>()?)
        }
        Some(model::ShapeFlexibility::Ranges(message)) => {
            Flexibility::Ranges(message.ranges.iter().map(range).collect::<Result<_, _>>()?)
        }
    };
    Ok(FeatureType::Array { dtype, shape: sizes(&message.shape)?, flexibility })
}

fn sizes(shape: &[i64]) -> Result<Vec<usize>, String> {
    let size = |&size| usize::try_from(size).map_err(|_| format!("has a dimension of size {size}"));
    shape.iter().map(size).collect()
}

/// A size range; a negative upper bound means that there is none.
fn range(message: &model::SizeRange) -> Result<(usize, Option<usize>), String> {
    let too_large = |_| "has a size range that is too large".to_owned();
    let lower = usize::try_from(message.lower).map_err(too_large)?;
    let upper = match message.upper {
        ..0 => None,
        upper => Some(usize::try_from(upper).map_err(too_large)?),
    };
    match upper {
        Some(upper) if upper < lower => Err(format!("has a size range from {lower} down to {upper}")),
        _ => Ok((lower, upper)),
    }
}

pub fn encode_description(description: &ModelDescription) -> Result<model::ModelDescription, MilError> {
    let metadata = &description.metadata;
    let features = |features: &[Feature], is_state| -> Result<Vec<_>, MilError> {
        features.iter().map(|feature| encode_feature(feature, is_state)).collect()
    };
    let function = |(name, interface): (&String, &FunctionDescription)| -> Result<_, MilError> {
        Ok(model::FunctionDescription {
            name: name.clone(),
            input: features(&interface.inputs, false)?,
            output: features(&interface.outputs, false)?,
            state: features(&interface.states, true)?,
        })
    };
    Ok(model::ModelDescription {
        input: features(&description.main.inputs, false)?,
        output: features(&description.main.outputs, false)?,
        state: features(&description.main.states, true)?,
        functions: description.functions.iter().map(function).collect::<Result<_, _>>()?,
        default_function_name: description.default_function.clone(),
        metadata: (*metadata != Metadata::default()).then(|| model::Metadata {
            short_description: metadata.short_description.clone(),
            version: metadata.version.clone(),
            author: metadata.author.clone(),
            license: metadata.license.clone(),
            user_defined: metadata
                .user_defined
                .iter()
                .map(|(key, value)| model::StringEntry { key: key.clone(), value: value.clone() })
                .collect(),
        }),
    })
}

fn encode_feature(feature: &Feature, is_state: bool) -> Result<model::FeatureDescription, MilError> {
    let fail = |reason| MilError::malformed(format!("feature `{}`", feature.name), reason);
    let kind = match &feature.ty {
        FeatureType::Array { dtype, shape, flexibility } => {
            let array = encode_array(*dtype, shape, flexibility).map_err(fail)?;
            if is_state {
                model::FeatureKind::State(model::StateFeature { array: Some(array) })
            } else {
                model::FeatureKind::MultiArray(array)
            }
        }
        FeatureType::Other(OtherFeature { kind, encoded }) => match kind.as_str() {
            "int64" => model::FeatureKind::Int64(encoded.clone()),
            "double" => model::FeatureKind::Double(encoded.clone()),
            "string" => model::FeatureKind::String(encoded.clone()),
            "image" => model::FeatureKind::Image(encoded.clone()),
            "dictionary" => model::FeatureKind::Dictionary(encoded.clone()),
            "sequence" => model::FeatureKind::Sequence(encoded.clone()),
            _ => return Err(fail(format!("Core ML has no feature type `{kind}`"))),
        },
    };
    Ok(model::FeatureDescription {
        name: feature.name.clone(),
        short_description: feature.short_description.clone(),
        ty: Some(model::FeatureType { kind: Some(kind), is_optional: feature.optional }),
    })
}

fn encode_array(
    dtype: Option<DType>,
    shape: &[usize],
    flexibility: &Flexibility,
) -> Result<model::ArrayFeature, String> {
    let sizes = |shape: &[usize]| shape.iter().map(|&size| size as i64).collect();
    let data_type = match dtype {
        None => 0,
        Some(dtype) => match ARRAY_TYPES.iter().find(|entry| entry.1 == dtype) {
            Some(&(number, _)) => number,
            None => return Err(format!("Core ML has no arrays of {dtype}")),
        },
    };
    let flexibility = match flexibility {
        Flexibility::Fixed => None,
        Flexibility::Enumerated(shapes) => Some(model::ShapeFlexibility::Enumerated(model::EnumeratedShapes {
            shapes: shapes.iter().map(|shape| model::Shape { shape: sizes(shape) }).collect(),
        })),
        Flexibility::Ranges(ranges) => {
            let range = |&(lower, upper): &(usize, Option<usize>)| model::SizeRange {
                lower: lower as u64,
                upper: upper.map_or(-1, |upper| upper as i64),
            };
            let ranges = ranges.iter().map(range).collect();
            Some(model::ShapeFlexibility::Ranges(model::ShapeRange { ranges }))
        }
    };
    Ok(model::ArrayFeature { shape: sizes(shape), data_type, flexibility })
}
