//! Messages to the typed program.

use indexmap::{IndexMap, map::Entry};

use super::{element_type, immediate, mil};
use crate::{
    MilError,
    program::{
        Binding, Block, Dimension, Function, NamedValueType, Operation, Program, TensorType, Value, ValueData,
        ValueType,
    },
    validate::operation_place,
};

pub fn program(message: mil::Program) -> Result<Program, MilError> {
    let fail = |reason| MilError::malformed("program", reason);
    let mut functions = IndexMap::new();
    for mil::FunctionEntry { key, value } in message.functions {
        let function = function(&key, value)?;
        insert(&mut functions, key, function).map_err(fail)?;
    }
    Ok(Program {
        version: message.version,
        functions,
        doc_string: message.doc_string,
        attributes: attributes(message.attributes).map_err(fail)?,
    })
}

fn function(name: &str, message: mil::Function) -> Result<Function, MilError> {
    let fail = |reason| MilError::malformed(format!("function `{name}`"), reason);
    let mut block_specializations = IndexMap::new();
    for mil::BlockEntry { key, value } in message.block_specializations {
        let block = block(name, value)?;
        insert(&mut block_specializations, key, block).map_err(fail)?;
    }
    Ok(Function {
        inputs: named_types(message.inputs).map_err(fail)?,
        opset: message.opset,
        block_specializations,
        attributes: attributes(message.attributes).map_err(fail)?,
    })
}

fn block(function: &str, message: mil::Block) -> Result<Block, MilError> {
    let fail = |reason| MilError::malformed(format!("function `{function}`"), reason);
    Ok(Block {
        inputs: named_types(message.inputs).map_err(fail)?,
        outputs: message.outputs,
        operations: message
            .operations
            .into_iter()
            .map(|message| operation(function, message))
            .collect::<Result<_, _>>()?,
        attributes: attributes(message.attributes).map_err(fail)?,
    })
}

fn operation(function: &str, message: mil::Operation) -> Result<Operation, MilError> {
    // Filled step by step, so that an error can say which operation it is in as far as that is known.
    let mut operation = Operation { kind: message.kind, ..Operation::default() };
    let fail = |operation: &Operation, reason| MilError::malformed(operation_place(function, operation), reason);
    operation.outputs = named_types(message.outputs).map_err(|reason| fail(&operation, reason))?;
    operation.attributes = attributes(message.attributes).map_err(|reason| fail(&operation, reason))?;
    operation.inputs = arguments(message.inputs).map_err(|reason| fail(&operation, reason))?;
    operation.blocks = message.blocks.into_iter().map(|message| block(function, message)).collect::<Result<_, _>>()?;
    Ok(operation)
}

fn arguments(messages: Vec<mil::ArgumentEntry>) -> Result<IndexMap<String, Vec<Binding>>, String> {
    let mut arguments = IndexMap::with_capacity(messages.len());
    for mil::ArgumentEntry { key, value } in messages {
        let bindings = value.arguments.into_iter().map(binding).collect::<Result<_, _>>();
        let bindings = bindings.map_err(|reason: String| format!("argument `{key}`: {reason}"))?;
        insert(&mut arguments, key, bindings)?;
    }
    Ok(arguments)
}

fn binding(message: mil::Binding) -> Result<Binding, String> {
    match message.binding {
        Some(mil::BindingKind::Name(name)) => Ok(Binding::Name(name)),
        Some(mil::BindingKind::Value(message)) => Ok(Binding::Value(value(message)?)),
        None => Err("is neither a name nor a value".to_owned()),
    }
}

fn named_types(messages: Vec<mil::NamedValueType>) -> Result<Vec<NamedValueType>, String> {
    let named_type = |message: mil::NamedValueType| {
        let ty = value_type(message.ty).map_err(|reason| format!("value `{}`: {reason}", message.name))?;
        Ok(NamedValueType { name: message.name, ty })
    };
    messages.into_iter().map(named_type).collect()
}

fn attributes(messages: Vec<mil::ValueEntry>) -> Result<IndexMap<String, Value>, String> {
    let mut attributes = IndexMap::with_capacity(messages.len());
    for mil::ValueEntry { key, value: message } in messages {
        let value = value(message).map_err(|reason| format!("attribute `{key}`: {reason}"))?;
        insert(&mut attributes, key, value)?;
    }
    Ok(attributes)
}

/// Inserts an entry; protobuf would let a doubled key win silently.
fn insert<V>(map: &mut IndexMap<String, V>, key: String, value: V) -> Result<(), String> {
    match map.entry(key) {
        Entry::Occupied(entry) => Err(format!("`{}` occurs twice", entry.key())),
        Entry::Vacant(entry) => {
            entry.insert(value);
            Ok(())
        }
    }
}

fn value_type(message: Option<mil::ValueType>) -> Result<ValueType, String> {
    Ok(match message.and_then(|message| message.kind).ok_or("has no type")? {
        mil::TypeKind::Tensor(message) => ValueType::Tensor(tensor_type(message)?),
        mil::TypeKind::List(message) => ValueType::List {
            element: Box::new(value_type(message.element)?),
            length: dimension(message.length.unwrap_or_default())?,
        },
        mil::TypeKind::Tuple(message) => {
            ValueType::Tuple(message.types.into_iter().map(|ty| value_type(Some(ty))).collect::<Result<_, _>>()?)
        }
        mil::TypeKind::Dictionary(message) => ValueType::Dictionary {
            key: Box::new(value_type(message.key)?),
            value: Box::new(value_type(message.value)?),
        },
        mil::TypeKind::State(message) => ValueType::State(Box::new(value_type(message.wrapped)?)),
    })
}

fn tensor_type(message: mil::TensorType) -> Result<TensorType, String> {
    Ok(TensorType {
        element: element_type(message.data_type),
        rank: message.rank,
        dimensions: message.dimensions.into_iter().map(dimension).collect::<Result<_, _>>()?,
        attributes: attributes(message.attributes)?,
    })
}

fn dimension(message: mil::Dimension) -> Result<Dimension, String> {
    match message.dimension {
        Some(mil::DimensionKind::Constant(constant)) => Ok(Dimension::Fixed(constant.size)),
        Some(mil::DimensionKind::Unknown(unknown)) => Ok(Dimension::Unknown { variadic: unknown.variadic }),
        None => Err("has a dimension that is neither a size nor unknown".to_owned()),
    }
}

fn value(message: mil::Value) -> Result<Value, String> {
    let ty = value_type(message.ty)?;
    let data = match message.value.ok_or("has no contents")? {
        mil::ValueKind::Blob(blob) => ValueData::Blob { file: blob.file_name, offset: blob.offset },
        mil::ValueKind::Immediate(message) => match message.value.ok_or("has no contents")? {
            mil::ImmediateKind::Tensor(message) => immediate::decode(message, &ty)?,
            mil::ImmediateKind::Tuple(message) => ValueData::Tuple(values(message.values)?),
            mil::ImmediateKind::List(message) => ValueData::List(values(message.values)?),
            mil::ImmediateKind::Dictionary(message) => {
                ValueData::Dictionary(message.values.into_iter().map(pair).collect::<Result<_, _>>()?)
            }
        },
    };
    Ok(Value { doc_string: message.doc_string, ty, data })
}

fn values(messages: Vec<mil::Value>) -> Result<Vec<Value>, String> {
    messages.into_iter().map(value).collect()
}

fn pair(message: mil::Pair) -> Result<(Value, Value), String> {
    let part = |message: Option<mil::Value>| value(message.ok_or("a pair of a dictionary is incomplete")?);
    Ok((part(message.key)?, part(message.value)?))
}
