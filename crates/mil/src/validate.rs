//! Checks that a program holds together, so that later stages need not: every name is defined once and before its use,
//! literals are what their types say, and the description fits the functions.
//!
//! What operations mean, and whether they exist, is not known here.

use std::collections::HashSet;

use sottovoce_tensor::num_elements;

use crate::{
    MilError,
    program::{
        Binding, Block, ElementType, Function, NamedValueType, Operation, Program, TensorType, Value, ValueData,
        ValueType,
    },
};

mod interface;

pub use interface::description;

/// Opsets of ML Programs: iOS 15, 16, 17, 18 and 26 with the macOS versions of those years.
pub const OPSETS: [&str; 5] = ["CoreML5", "CoreML6", "CoreML7", "CoreML8", "CoreML9"];

/// Checks every function of a program.
///
/// # Errors
/// [`MilError::Malformed`] with the function, the operation and what is wrong.
pub fn program(program: &Program) -> Result<(), MilError> {
    if program.functions.is_empty() {
        return Err(MilError::malformed("program", "has no functions"));
    }
    attributes("program", &program.attributes)?;
    program.functions.iter().try_for_each(|(name, body)| function(name, body))
}

/// Checks one function.
///
/// # Errors
/// As [`program`].
pub fn function(name: &str, function: &Function) -> Result<(), MilError> {
    let place = format!("function `{name}`");
    let opsets = std::iter::once(&function.opset).chain(function.block_specializations.keys());
    for opset in opsets {
        if !OPSETS.contains(&opset.as_str()) {
            let known = OPSETS.join(", ");
            return Err(MilError::malformed(place, format!("unknown opset `{opset}`; this version knows {known}")));
        }
    }
    if function.active_block().is_none() {
        let opset = &function.opset;
        return Err(MilError::malformed(place, format!("has no block for its opset `{opset}`")));
    }
    attributes(&place, &function.attributes)?;
    for body in function.block_specializations.values() {
        let mut scope = Scope { function: name, names: HashSet::new(), order: Vec::new() };
        scope.define_all(|| place.clone(), &function.inputs)?;
        scope.block(&place, body)?;
    }
    Ok(())
}

/// The names that an operation can see.
struct Scope<'a> {
    function: &'a str,
    names: HashSet<&'a str>,
    /// The same names in order of definition, so that those of a nested block can be taken back.
    order: Vec<&'a str>,
}

impl<'a> Scope<'a> {
    fn block(&mut self, place: &str, block: &'a Block) -> Result<(), MilError> {
        let outer = self.order.len();
        self.define_all(|| place.to_owned(), &block.inputs)?;
        attributes(place, &block.attributes)?;
        for (index, operation) in block.operations.iter().enumerate() {
            self.operation(operation, &block.operations[index..])?;
        }
        for output in &block.outputs {
            if !self.names.contains(output.as_str()) {
                return Err(MilError::malformed(place, format!("returns `{output}`, which nothing defines")));
            }
        }
        for name in self.order.drain(outer..) {
            self.names.remove(name);
        }
        Ok(())
    }

    /// Checks an operation; `rest` is it and what follows in its block, to tell a cycle from a dangling name.
    fn operation(&mut self, operation: &'a Operation, rest: &[Operation]) -> Result<(), MilError> {
        let place = || operation_place(self.function, operation);
        for (parameter, bindings) in &operation.inputs {
            for binding in bindings {
                match binding {
                    Binding::Name(name) if !self.names.contains(name.as_str()) => {
                        return Err(MilError::malformed(place(), undefined(parameter, name, rest)));
                    }
                    Binding::Name(_) => {}
                    Binding::Value(value) => {
                        check_value(value).map_err(|reason| at(&place(), "argument", parameter, reason))?;
                    }
                }
            }
        }
        for (key, value) in &operation.attributes {
            check_value(value).map_err(|reason| at(&place(), "attribute", key, reason))?;
        }
        if operation.kind == "const" {
            check_const(operation).map_err(|reason| MilError::malformed(place(), reason))?;
        }
        for block in &operation.blocks {
            let place = place();
            self.block(&place, block)?;
        }
        let function = self.function;
        self.define_all(|| operation_place(function, operation), &operation.outputs)
    }

    fn define_all(&mut self, place: impl Fn() -> String, values: &'a [NamedValueType]) -> Result<(), MilError> {
        for NamedValueType { name, ty } in values {
            if name.is_empty() {
                return Err(MilError::malformed(place(), "defines a value without a name"));
            }
            if !self.names.insert(name) {
                return Err(MilError::malformed(place(), format!("defines `{name}`, which exists already")));
            }
            self.order.push(name);
            check_type(ty).map_err(|reason| at(&place(), "value", name, reason))?;
        }
        Ok(())
    }
}

/// How messages name an operation.
pub(crate) fn operation_place(function: &str, operation: &Operation) -> String {
    format!("function `{function}`, operation `{}` ({})", operation.name(), operation.kind)
}

fn undefined(parameter: &str, name: &str, rest: &[Operation]) -> String {
    let later = rest.iter().any(|operation| operation.outputs.iter().any(|output| output.name == name));
    if later {
        format!("argument `{parameter}` is `{name}`, which it or a later operation defines: a cycle, or wrong order")
    } else {
        format!("argument `{parameter}` is `{name}`, which nothing defines")
    }
}

fn at(place: &str, what: &str, name: &str, reason: String) -> MilError {
    MilError::malformed(format!("{place}, {what} `{name}`"), reason)
}

fn attributes(place: &str, attributes: &indexmap::IndexMap<String, Value>) -> Result<(), MilError> {
    attributes
        .iter()
        .try_for_each(|(key, value)| check_value(value).map_err(|reason| at(place, "attribute", key, reason)))
}

fn check_const(operation: &Operation) -> Result<(), String> {
    let [output] = operation.outputs.as_slice() else {
        return Err(format!("a const has one result, found {}", operation.outputs.len()));
    };
    let Some(value) = operation.attributes.get("val") else {
        return Err("a const needs the attribute `val`".to_owned());
    };
    if value.ty == output.ty {
        Ok(())
    } else {
        Err("the type of the result is not that of the attribute `val`".to_owned())
    }
}

fn check_type(ty: &ValueType) -> Result<(), String> {
    match ty {
        ValueType::Tensor(tensor) => check_tensor_type(tensor),
        ValueType::List { element, .. } => check_type(element),
        ValueType::Tuple(members) => members.iter().try_for_each(check_type),
        ValueType::Dictionary { key, value } => check_type(key).and_then(|()| check_type(value)),
        ValueType::State(inner) => match **inner {
            ValueType::Tensor(ref tensor) if tensor.fixed_shape().is_some() => check_tensor_type(tensor),
            _ => Err("a state wraps a tensor of known shape".to_owned()),
        },
    }
}

fn check_tensor_type(ty: &TensorType) -> Result<(), String> {
    let unranked = ty.rank == -1 && ty.dimensions.is_empty();
    if !unranked && ty.rank != ty.dimensions.len() as i64 {
        return Err(format!("rank {} disagrees with {} dimensions", ty.rank, ty.dimensions.len()));
    }
    ty.attributes.values().try_for_each(|value| match value.data {
        ValueData::Blob { .. } => Err("an attribute of a type lies in a weight file".to_owned()),
        _ => check_value(value),
    })
}

/// Checks that a value's contents are what its type says.
fn check_value(value: &Value) -> Result<(), String> {
    check_type(&value.ty)?;
    match (&value.data, &value.ty) {
        (ValueData::Tensor(tensor), ValueType::Tensor(ty)) => {
            if ty.dtype() != Some(tensor.dtype()) || ty.fixed_shape().as_deref() != Some(tensor.shape()) {
                let (dtype, shape) = (tensor.dtype(), tensor.shape());
                return Err(format!("a {dtype} literal of shape {shape:?} disagrees with its type"));
            }
            Ok(())
        }
        (ValueData::Strings(strings), ValueType::Tensor(ty)) if ty.element == ElementType::String => {
            let expected = ty.fixed_shape().and_then(|shape| num_elements(&shape));
            if expected == Some(strings.len()) {
                Ok(())
            } else {
                Err(format!("a literal of {} strings disagrees with its type", strings.len()))
            }
        }
        (ValueData::Tuple(members), ValueType::Tuple(types)) => {
            let same = members.len() == types.len() && members.iter().zip(types).all(|(member, ty)| member.ty == *ty);
            if !same {
                return Err("the members of a tuple disagree with its type".to_owned());
            }
            members.iter().try_for_each(check_value)
        }
        (ValueData::List(elements), ValueType::List { .. }) => elements.iter().try_for_each(check_value),
        (ValueData::Dictionary(pairs), ValueType::Dictionary { .. }) => {
            pairs.iter().try_for_each(|(key, value)| check_value(key).and_then(|()| check_value(value)))
        }
        (ValueData::Blob { .. }, ValueType::Tensor(ty)) => match (ty.element, ty.fixed_shape()) {
            (ElementType::String, _) => Err("strings cannot live in a weight file".to_owned()),
            (_, None) => Err("a tensor in a weight file needs a known shape".to_owned()),
            _ => Ok(()),
        },
        _ => Err("the kind of the literal disagrees with its type".to_owned()),
    }
}

#[cfg(test)]
mod tests;
