//! Parameters and bytes by the form that weights are stored in.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde::Serialize;
use sottovoce_mil::program::{Binding, Block, Operation, Program, Value, ValueData, ValueType};
use sottovoce_tensor::num_elements;

/// The weights of a program.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Weights {
    /// Weights as the model uses them: compressed ones count by the tensor they stand for.
    pub parameters: u64,
    /// Bytes in the weight files, scales and tables included.
    pub bytes: u64,
    /// The same by form, the largest first.
    pub types: Vec<WeightType>,
}

/// Weights that are stored in the same form.
#[derive(Debug, PartialEq, Serialize)]
pub struct WeightType {
    /// `fp16`, `int4 per block` or `lut of uint6` for instance.
    pub form: String,
    /// Number of tensors.
    pub tensors: u64,
    /// Number of weights.
    pub parameters: u64,
    /// Bytes, scales and tables included.
    pub bytes: u64,
}

/// Where a blob is.
type BlobKey<'a> = (&'a str, u64);

impl Weights {
    /// Counts the weights of every function; a blob that several values refer to counts once.
    pub fn of(program: &Program) -> Self {
        let mut seen = HashSet::new();
        let mut forms: IndexMap<String, WeightType> = IndexMap::new();
        for function in program.functions.values() {
            if let Some(block) = function.active_block() {
                count_block(block, &mut seen, &mut forms);
            }
        }
        let mut types: Vec<_> = forms.into_values().collect();
        types.sort_by_key(|ty| std::cmp::Reverse(ty.bytes));
        let parameters = types.iter().map(|ty| ty.parameters).sum();
        Self { parameters, bytes: types.iter().map(|ty| ty.bytes).sum(), types }
    }
}

fn count_block<'a>(block: &'a Block, seen: &mut HashSet<BlobKey<'a>>, forms: &mut IndexMap<String, WeightType>) {
    let stored = |operation: &&Operation| operation.kind == "const" || operation.kind.starts_with("constexpr_");
    let producers: HashMap<&str, &Operation> = block
        .operations
        .iter()
        .filter(stored)
        .filter_map(|operation| Some((operation.outputs.first()?.name.as_str(), operation)))
        .collect();
    // A weight is what the rest of the program sees; what another stored operation consumes is a part of that weight.
    let parts: HashSet<&str> = block.operations.iter().filter(stored).flat_map(argument_names).collect();
    for operation in block.operations.iter().filter(stored) {
        let Some(output) = operation.outputs.first().filter(|output| !parts.contains(output.name.as_str())) else {
            continue;
        };
        let mut blobs = Vec::new();
        let mut visited = HashSet::new();
        collect_blobs(operation, &producers, &mut visited, &mut blobs);
        let shape = output.ty.as_tensor().and_then(|ty| ty.fixed_shape());
        let Some(parameters) = shape.and_then(|shape| num_elements(&shape)) else { continue };
        let fresh: Vec<_> = blobs.into_iter().filter(|(key, _)| seen.insert(*key)).collect();
        if fresh.is_empty() {
            continue;
        }
        let form = form(operation, &producers);
        let entry = forms.entry(form.clone()).or_insert(WeightType { form, tensors: 0, parameters: 0, bytes: 0 });
        entry.tensors += 1;
        entry.parameters = entry.parameters.saturating_add(parameters as u64);
        entry.bytes = fresh.iter().fold(entry.bytes, |sum, (_, bytes)| sum.saturating_add(*bytes));
    }
    for nested in block.operations.iter().flat_map(|operation| &operation.blocks) {
        count_block(nested, seen, forms);
    }
}

fn argument_names(operation: &Operation) -> impl Iterator<Item = &str> {
    operation.inputs.values().flatten().filter_map(|binding| match binding {
        Binding::Name(name) => Some(name.as_str()),
        Binding::Value(_) => None,
    })
}

/// Blobs of an operation and of the constants it is made from, with their sizes in bytes. `visited` ends cycles.
fn collect_blobs<'a>(
    operation: &'a Operation,
    producers: &HashMap<&'a str, &'a Operation>,
    visited: &mut HashSet<&'a str>,
    blobs: &mut Vec<(BlobKey<'a>, u64)>,
) {
    let literals = operation.inputs.values().flatten().filter_map(|binding| match binding {
        Binding::Value(value) => Some(value),
        Binding::Name(_) => None,
    });
    for value in literals.chain(operation.attributes.values()) {
        if let (ValueData::Blob { file, offset }, Some(bytes)) = (&value.data, packed_bytes(value)) {
            blobs.push(((file, *offset), bytes));
        }
    }
    for name in argument_names(operation) {
        if let Some(producer) = producers.get(name).filter(|_| visited.insert(name)) {
            collect_blobs(producer, producers, visited, blobs);
        }
    }
}

fn packed_bytes(value: &Value) -> Option<u64> {
    let ty = value.ty.as_tensor()?;
    let elements = num_elements(&ty.fixed_shape()?)?;
    Some(ty.dtype()?.packed_len(elements)? as u64)
}

/// How a weight is stored, in a few words.
fn form(operation: &Operation, producers: &HashMap<&str, &Operation>) -> String {
    let argument = |name: &str| argument_type(operation, name, producers);
    match operation.kind.as_str() {
        "const" => type_name(operation.outputs.first().map(|output| &output.ty)),
        "constexpr_blockwise_shift_scale" => {
            let offset = if operation.inputs.contains_key("offset") { " with offset" } else { "" };
            format!("{} per block{offset}", argument("data"))
        }
        "constexpr_affine_dequantize" => format!("{} per channel", argument("quantized_data")),
        "constexpr_lut_to_dense" => format!("lut of {}", argument("indices")),
        kind => kind.trim_start_matches("constexpr_").replace('_', " "),
    }
}

fn argument_type(operation: &Operation, name: &str, producers: &HashMap<&str, &Operation>) -> String {
    match operation.inputs.get(name).and_then(|bindings| bindings.first()) {
        Some(Binding::Value(value)) => type_name(Some(&value.ty)),
        Some(Binding::Name(name)) => match producers.get(name.as_str()) {
            Some(producer) if producer.kind != "const" => form_of_part(producer),
            producer => type_name(producer.and_then(|producer| producer.outputs.first()).map(|output| &output.ty)),
        },
        None => type_name(operation.attributes.get(name).map(|value| &value.ty)),
    }
}

/// A part that is compressed itself, a sparse table for instance.
fn form_of_part(operation: &Operation) -> String {
    operation.kind.trim_start_matches("constexpr_").replace('_', " ")
}

fn type_name(ty: Option<&ValueType>) -> String {
    let dtype = ty.and_then(ValueType::as_tensor).and_then(|ty| ty.dtype());
    dtype.map_or("another type", |dtype| dtype.name()).to_owned()
}
