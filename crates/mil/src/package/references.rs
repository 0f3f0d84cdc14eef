//! Where a program refers to weight files.

use indexmap::IndexMap;

use crate::{
    MilError,
    program::{Binding, Block, Operation, Program, TensorType, Value, ValueData, ValueType},
    validate::operation_place,
};

/// Calls `visit` with file, offset, type and, for messages, place of every blob that the program refers to.
pub fn for_each_blob<'a>(
    program: &'a Program,
    mut visit: impl FnMut(&'a str, u64, &'a TensorType, &dyn Fn() -> String) -> Result<(), MilError>,
) -> Result<(), MilError> {
    let visit: &mut BlobVisitor<'a, '_> = &mut visit;
    of_attributes(&program.attributes, &|| "program".to_owned(), visit)?;
    for (name, function) in &program.functions {
        of_attributes(&function.attributes, &|| format!("function `{name}`"), visit)?;
        function.block_specializations.values().try_for_each(|block| of_block(name, block, visit))?;
    }
    Ok(())
}

type BlobVisitor<'a, 'v> = dyn FnMut(&'a str, u64, &'a TensorType, &dyn Fn() -> String) -> Result<(), MilError> + 'v;

fn of_block<'a>(function: &str, block: &'a Block, visit: &mut BlobVisitor<'a, '_>) -> Result<(), MilError> {
    of_attributes(&block.attributes, &|| format!("function `{function}`"), visit)?;
    for operation in &block.operations {
        let place = || operation_place(function, operation);
        of_attributes(&operation.attributes, &place, visit)?;
        for binding in operation.inputs.values().flatten() {
            if let Binding::Value(value) = binding {
                of_value(value, &place, visit)?;
            }
        }
        operation.blocks.iter().try_for_each(|block| of_block(function, block, visit))?;
    }
    Ok(())
}

fn of_attributes<'a>(
    attributes: &'a IndexMap<String, Value>,
    place: &dyn Fn() -> String,
    visit: &mut BlobVisitor<'a, '_>,
) -> Result<(), MilError> {
    attributes.values().try_for_each(|value| of_value(value, place, visit))
}

fn of_value<'a>(value: &'a Value, place: &dyn Fn() -> String, visit: &mut BlobVisitor<'a, '_>) -> Result<(), MilError> {
    match (&value.data, &value.ty) {
        (ValueData::Blob { file, offset }, ValueType::Tensor(ty)) => visit(file, *offset, ty, place),
        (ValueData::Tuple(members) | ValueData::List(members), _) => {
            members.iter().try_for_each(|member| of_value(member, place, visit))
        }
        (ValueData::Dictionary(pairs), _) => pairs
            .iter()
            .try_for_each(|(key, value)| of_value(key, place, visit).and_then(|()| of_value(value, place, visit))),
        _ => Ok(()),
    }
}

/// Calls `visit` with every value of the program that is not a collection.
pub(crate) fn for_each_value_mut(
    program: &mut Program,
    visit: &mut dyn FnMut(&mut Value) -> Result<(), MilError>,
) -> Result<(), MilError> {
    program.attributes.values_mut().try_for_each(|value| in_value(value, visit))?;
    for function in program.functions.values_mut() {
        function.attributes.values_mut().try_for_each(|value| in_value(value, visit))?;
        function.block_specializations.values_mut().try_for_each(|block| in_block(block, visit))?;
    }
    Ok(())
}

type ValueVisitor<'v> = dyn FnMut(&mut Value) -> Result<(), MilError> + 'v;

fn in_block(block: &mut Block, visit: &mut ValueVisitor<'_>) -> Result<(), MilError> {
    block.attributes.values_mut().try_for_each(|value| in_value(value, visit))?;
    for Operation { inputs, attributes, blocks, .. } in &mut block.operations {
        attributes.values_mut().try_for_each(|value| in_value(value, visit))?;
        for binding in inputs.values_mut().flatten() {
            if let Binding::Value(value) = binding {
                in_value(value, visit)?;
            }
        }
        blocks.iter_mut().try_for_each(|block| in_block(block, visit))?;
    }
    Ok(())
}

fn in_value(value: &mut Value, visit: &mut ValueVisitor<'_>) -> Result<(), MilError> {
    match &mut value.data {
        ValueData::Tuple(members) | ValueData::List(members) => {
            members.iter_mut().try_for_each(|member| in_value(member, visit))
        }
        ValueData::Dictionary(pairs) => {
            pairs.iter_mut().try_for_each(|(key, value)| in_value(key, visit).and_then(|()| in_value(value, visit)))
        }
        _ => visit(value),
    }
}
