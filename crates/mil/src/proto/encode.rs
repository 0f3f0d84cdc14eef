//! The typed program to messages.

use indexmap::IndexMap;

use super::{data_type, immediate, mil};
use crate::program::{
    Binding, Block, Dimension, Function, NamedValueType, Operation, Program, TensorType, Value, ValueData, ValueType,
};

pub fn program(program: &Program) -> mil::Program {
    mil::Program {
        version: program.version,
        functions: entries(&program.functions, |key, value| mil::FunctionEntry { key, value: function(value) }),
        doc_string: program.doc_string.clone(),
        attributes: attributes(&program.attributes),
    }
}

fn entries<V, E>(map: &IndexMap<String, V>, entry: impl Fn(String, &V) -> E) -> Vec<E> {
    map.iter().map(|(key, value)| entry(key.clone(), value)).collect()
}

fn attributes(map: &IndexMap<String, Value>) -> Vec<mil::ValueEntry> {
    entries(map, |key, attribute| mil::ValueEntry { key, value: value(attribute) })
}

fn function(function: &Function) -> mil::Function {
    mil::Function {
        inputs: function.inputs.iter().map(named_type).collect(),
        opset: function.opset.clone(),
        block_specializations: entries(&function.block_specializations, |key, value| mil::BlockEntry {
            key,
            value: block(value),
        }),
        attributes: attributes(&function.attributes),
    }
}

fn block(block: &Block) -> mil::Block {
    mil::Block {
        inputs: block.inputs.iter().map(named_type).collect(),
        outputs: block.outputs.clone(),
        operations: block.operations.iter().map(operation).collect(),
        attributes: attributes(&block.attributes),
    }
}

fn operation(operation: &Operation) -> mil::Operation {
    mil::Operation {
        kind: operation.kind.clone(),
        inputs: entries(&operation.inputs, |key, bindings| mil::ArgumentEntry {
            key,
            value: mil::Argument { arguments: bindings.iter().map(binding).collect() },
        }),
        outputs: operation.outputs.iter().map(named_type).collect(),
        blocks: operation.blocks.iter().map(block).collect(),
        attributes: attributes(&operation.attributes),
    }
}

fn binding(binding: &Binding) -> mil::Binding {
    let kind = match binding {
        Binding::Name(name) => mil::BindingKind::Name(name.clone()),
        Binding::Value(literal) => mil::BindingKind::Value(value(literal)),
    };
    mil::Binding { binding: Some(kind) }
}

fn named_type(named: &NamedValueType) -> mil::NamedValueType {
    mil::NamedValueType { name: named.name.clone(), ty: Some(value_type(&named.ty)) }
}

fn value_type(ty: &ValueType) -> mil::ValueType {
    let kind = match ty {
        ValueType::Tensor(ty) => mil::TypeKind::Tensor(tensor_type(ty)),
        ValueType::List { element, length } => mil::TypeKind::List(Box::new(mil::ListType {
            element: Some(value_type(element)),
            length: Some(dimension(length)),
        })),
        ValueType::Tuple(members) => {
            mil::TypeKind::Tuple(mil::TupleType { types: members.iter().map(value_type).collect() })
        }
        ValueType::Dictionary { key, value } => mil::TypeKind::Dictionary(Box::new(mil::DictionaryType {
            key: Some(value_type(key)),
            value: Some(value_type(value)),
        })),
        ValueType::State(inner) => mil::TypeKind::State(Box::new(mil::StateType { wrapped: Some(value_type(inner)) })),
    };
    mil::ValueType { kind: Some(kind) }
}

fn tensor_type(ty: &TensorType) -> mil::TensorType {
    mil::TensorType {
        data_type: data_type(ty.element),
        rank: ty.rank,
        dimensions: ty.dimensions.iter().map(dimension).collect(),
        attributes: attributes(&ty.attributes),
    }
}

fn dimension(dimension: &Dimension) -> mil::Dimension {
    let kind = match *dimension {
        Dimension::Fixed(size) => mil::DimensionKind::Constant(mil::ConstantDimension { size }),
        Dimension::Unknown { variadic } => mil::DimensionKind::Unknown(mil::UnknownDimension { variadic }),
    };
    mil::Dimension { dimension: Some(kind) }
}

fn value(literal: &Value) -> mil::Value {
    let values = |members: &[Value]| mil::Values { values: members.iter().map(value).collect() };
    let immediate = |kind| mil::ValueKind::Immediate(mil::Immediate { value: Some(kind) });
    let kind = match &literal.data {
        ValueData::Tensor(tensor) => immediate(mil::ImmediateKind::Tensor(immediate::encode(tensor))),
        ValueData::Strings(strings) => {
            let elements = mil::Elements::Strings(mil::Strings { values: strings.clone() });
            immediate(mil::ImmediateKind::Tensor(mil::TensorValue { value: Some(elements) }))
        }
        ValueData::Tuple(members) => immediate(mil::ImmediateKind::Tuple(values(members))),
        ValueData::List(members) => immediate(mil::ImmediateKind::List(values(members))),
        ValueData::Dictionary(pairs) => {
            let pair = |(key, val): &(Value, Value)| mil::Pair { key: Some(value(key)), value: Some(value(val)) };
            immediate(mil::ImmediateKind::Dictionary(mil::DictionaryValue { values: pairs.iter().map(pair).collect() }))
        }
        ValueData::Blob { file, offset } => {
            mil::ValueKind::Blob(mil::BlobFile { file_name: file.clone(), offset: *offset })
        }
    };
    mil::Value { doc_string: literal.doc_string.clone(), ty: Some(value_type(&literal.ty)), value: Some(kind) }
}
