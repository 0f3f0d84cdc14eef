use std::collections::{HashMap, HashSet};

use crate::{
    MilError,
    description::{Feature, FeatureType, Flexibility, FunctionDescription, ModelDescription},
    program::{Dimension, Function, NamedValueType, Program, TensorType, ValueType},
};

/// Checks that the description names the functions of the program, and the inputs, states and outputs that they have.
///
/// # Errors
/// [`MilError::Malformed`] with the function, the feature and what is wrong.
pub fn description(description: &ModelDescription, program: &Program) -> Result<(), MilError> {
    if description.functions.is_empty() {
        return match program.functions.get("main") {
            Some(function) => interface("main", &description.main, function),
            None => Err(MilError::malformed("description", "is of a function `main`, which the program does not have")),
        };
    }
    for (name, described) in &description.functions {
        let Some(function) = program.functions.get(name) else {
            return Err(MilError::malformed("description", format!("names a function `{name}`, which is not there")));
        };
        interface(name, described, function)?;
    }
    let default = &description.default_function;
    if !default.is_empty() && !description.functions.contains_key(default) {
        return Err(MilError::malformed("description", format!("the default function `{default}` is not described")));
    }
    Ok(())
}

fn interface(name: &str, described: &FunctionDescription, function: &Function) -> Result<(), MilError> {
    let values: HashMap<&str, &ValueType> =
        function.inputs.iter().map(|NamedValueType { name, ty }| (name.as_str(), ty)).collect();
    let fail = |kind: &str, feature: &Feature, reason: String| {
        MilError::malformed(format!("function `{name}`, {kind} `{}`", feature.name), reason)
    };
    for feature in &described.inputs {
        match values.get(feature.name.as_str()) {
            Some(ValueType::State(_)) => Err("is described as an input, but is a state of the function".to_owned()),
            Some(ValueType::Tensor(ty)) => agree(&feature.ty, ty),
            Some(_) => Ok(()),
            None => Err("is described, but the function has no such input".to_owned()),
        }
        .map_err(|reason| fail("input", feature, reason))?;
    }
    for feature in &described.states {
        match values.get(feature.name.as_str()) {
            Some(ty @ ValueType::State(_)) => ty.as_tensor().map_or(Ok(()), |ty| agree(&feature.ty, ty)),
            Some(_) => Err("is described as a state, but is an input of the function".to_owned()),
            None => Err("is described, but the function has no such state".to_owned()),
        }
        .map_err(|reason| fail("state", feature, reason))?;
    }
    if let Some(block) = function.active_block() {
        let returned: HashSet<&String> = block.outputs.iter().collect();
        for feature in &described.outputs {
            if !returned.contains(&feature.name) {
                return Err(fail("output", feature, "is described, but the function does not return it".to_owned()));
            }
        }
    }
    let known: HashSet<&str> =
        described.inputs.iter().chain(&described.states).map(|feature| feature.name.as_str()).collect();
    match function.inputs.iter().map(|input| &input.name).find(|name| !known.contains(name.as_str())) {
        Some(missing) => {
            Err(MilError::malformed(format!("function `{name}`"), format!("input `{missing}` is not described")))
        }
        None => Ok(()),
    }
}

/// Checks a described array against the tensor type in the function.
fn agree(feature: &FeatureType, ty: &TensorType) -> Result<(), String> {
    let FeatureType::Array { dtype, shape, flexibility } = feature else {
        return Ok(());
    };
    if let (Some(described), Some(found)) = (dtype, ty.dtype())
        && *described != found
    {
        return Err(format!("is described as {described}, but is {found} in the function"));
    }
    let fits = |shape: &[usize]| {
        shape.len() == ty.dimensions.len()
            && shape.iter().zip(&ty.dimensions).all(|(&size, dimension)| match dimension {
                Dimension::Fixed(fixed) => *fixed == size as u64,
                Dimension::Unknown { .. } => true,
            })
    };
    let alternatives: &[Vec<usize>] = match flexibility {
        Flexibility::Enumerated(shapes) => shapes,
        _ => &[],
    };
    match std::iter::once(shape).chain(alternatives).find(|shape| ty.rank >= 0 && !fits(shape)) {
        Some(shape) => Err(format!("is described with shape {shape:?}, but is {:?} in the function", ty.dimensions)),
        None => Ok(()),
    }
}
