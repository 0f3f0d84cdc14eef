//! What rules look at: a model whose operations are in one list for each function, with who makes and who takes each value.

use std::collections::HashMap;

use sottovoce_tensor::{DType, Tensor};

use super::System;
use crate::{
    description::{Feature, FeatureType, FunctionDescription, ModelDescription},
    program::{
        Binding, Block, Dimension, Function, NamedValueType, Operation, Program, TensorType, Value, ValueData,
        ValueType,
    },
    text,
};

/// A place with what was found there.
pub struct Site {
    pub place: String,
    pub found: String,
}

/// The model that is checked.
pub struct Subject<'a> {
    pub spec_version: i32,
    pub system: System,
    pub functions: Vec<FunctionView<'a>>,
}

/// One function.
pub struct FunctionView<'a> {
    pub name: &'a str,
    pub function: &'a Function,
    pub interface: Option<&'a FunctionDescription>,
    /// Operations of the active block and of the blocks in them.
    pub operations: Vec<&'a Operation>,
    makers: HashMap<&'a str, usize>,
    takers: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Subject<'a> {
    pub fn new(spec_version: i32, description: &'a ModelDescription, program: &'a Program, system: System) -> Self {
        let functions = program.functions.iter().map(|(name, function)| {
            let only = (description.functions.is_empty() && name == "main").then_some(&description.main);
            FunctionView::new(name, function, description.functions.get(name).or(only))
        });
        Self { spec_version, system, functions: functions.collect() }
    }

    /// A site that concerns the whole model.
    pub fn whole(found: String) -> Site {
        Site { place: "the model".to_owned(), found }
    }

    /// Every operation that `found` says something about.
    pub fn operations(&self, found: impl Fn(&FunctionView<'a>, &'a Operation) -> Option<String>) -> Vec<Site> {
        let mut sites = Vec::new();
        for view in &self.functions {
            for (index, operation) in view.operations.iter().enumerate() {
                if let Some(found) = found(view, operation) {
                    sites.push(Site { place: view.place(index), found });
                }
            }
        }
        sites
    }

    pub fn of_kinds(&self, kinds: &[&str]) -> Vec<Site> {
        self.operations(|_, operation| kinds.contains(&operation.kind.as_str()).then(|| results(operation)))
    }

    /// Every state, by its type in the program.
    pub fn states(&self, found: impl Fn(&TensorType) -> Option<String>) -> Vec<Site> {
        let mut sites = Vec::new();
        for view in &self.functions {
            for NamedValueType { name, ty } in &view.function.inputs {
                if let (ValueType::State(_), Some(ty)) = (ty, ty.as_tensor())
                    && let Some(found) = found(ty)
                {
                    sites.push(Site { place: format!("state `{name}` of `{}`", view.name), found });
                }
            }
        }
        sites
    }

    /// Every described array that an interface takes, gives or keeps.
    pub fn features(&self, found: impl Fn(&'static str, &Feature) -> Option<String>) -> Vec<Site> {
        let mut sites = Vec::new();
        for view in &self.functions {
            let Some(interface) = view.interface else { continue };
            let kinds = [("input", &interface.inputs), ("output", &interface.outputs), ("state", &interface.states)];
            for (kind, feature) in kinds.into_iter().flat_map(|(kind, list)| list.iter().map(move |one| (kind, one))) {
                if let Some(found) = found(kind, feature) {
                    sites.push(Site { place: format!("{kind} `{}` of `{}`", feature.name, view.name), found });
                }
            }
        }
        sites
    }
}

impl<'a> FunctionView<'a> {
    fn new(name: &'a str, function: &'a Function, interface: Option<&'a FunctionDescription>) -> Self {
        let mut view =
            Self { name, function, interface, operations: Vec::new(), makers: HashMap::new(), takers: HashMap::new() };
        if let Some(block) = function.active_block() {
            view.gather(block);
        }
        view
    }

    fn gather(&mut self, block: &'a Block) {
        for operation in &block.operations {
            let index = self.operations.len();
            self.operations.push(operation);
            for name in operation.inputs.values().flatten().filter_map(name_of) {
                self.takers.entry(name).or_default().push(index);
            }
            for output in &operation.outputs {
                self.makers.insert(&output.name, index);
            }
            operation.blocks.iter().for_each(|block| self.gather(block));
        }
    }

    /// The operation that makes a value; none for inputs and states.
    pub fn maker(&self, name: &str) -> Option<&'a Operation> {
        self.makers.get(name).map(|&index| self.operations[index])
    }

    /// The operations that take one of the results of an operation.
    pub fn takers(&self, operation: &'a Operation) -> impl Iterator<Item = &'a Operation> {
        let names = operation.outputs.iter().filter_map(|output| self.takers.get(output.name.as_str()));
        names.flatten().map(|&index| self.operations[index])
    }

    /// The name that is the only binding of a parameter.
    pub fn argument(&self, operation: &'a Operation, parameter: &str) -> Option<&'a str> {
        match operation.inputs.get(parameter)?.as_slice() {
            [binding] => name_of(binding),
            _ => None,
        }
    }

    /// Type of an argument, whether named or in place.
    pub fn argument_type(&self, operation: &'a Operation, parameter: &str) -> Option<&'a TensorType> {
        match operation.inputs.get(parameter)?.first()? {
            Binding::Value(value) => value.ty.as_tensor(),
            Binding::Name(name) => match self.maker(name) {
                Some(maker) => result(maker, name),
                None => self.function.inputs.iter().find(|input| input.name == *name)?.ty.as_tensor(),
            },
        }
    }

    /// Contents of an argument that is a literal of the program itself.
    pub fn literal(&self, operation: &'a Operation, parameter: &str) -> Option<&'a Tensor> {
        let value = match operation.inputs.get(parameter)?.first()? {
            Binding::Value(value) => value,
            Binding::Name(name) => self.maker(name).filter(|maker| maker.kind == "const")?.attributes.get("val")?,
        };
        literal(value)
    }

    /// True where an argument is known before a call.
    pub fn is_constant(&self, operation: &'a Operation, parameter: &str) -> bool {
        operation.inputs.get(parameter).into_iter().flatten().all(|binding| match binding {
            Binding::Value(_) => true,
            Binding::Name(name) => self.maker(name).is_some_and(is_constant),
        })
    }

    /// ``operation `y` (add), 3rd of `main` ``; constants count too.
    fn place(&self, index: usize) -> String {
        let operation = self.operations[index];
        let position = index + 1;
        let ending = match (position % 10, position % 100) {
            (1, tens) if tens != 11 => "st",
            (2, tens) if tens != 12 => "nd",
            (3, tens) if tens != 13 => "rd",
            _ => "th",
        };
        format!("operation `{}` ({}), {position}{ending} of `{}`", operation.name(), operation.kind, self.name)
    }
}

fn name_of(binding: &Binding) -> Option<&str> {
    match binding {
        Binding::Name(name) => Some(name),
        Binding::Value(_) => None,
    }
}

/// The tensor that a literal in the program holds.
pub fn literal(value: &Value) -> Option<&Tensor> {
    match &value.data {
        ValueData::Tensor(tensor) => Some(tensor),
        _ => None,
    }
}

/// True for operations that are done before a call.
pub fn is_constant(operation: &Operation) -> bool {
    operation.kind == "const" || operation.kind.starts_with("constexpr_")
}

fn result<'a>(operation: &'a Operation, name: &str) -> Option<&'a TensorType> {
    operation.outputs.iter().find(|output| output.name == name)?.ty.as_tensor()
}

/// Types of the results of an operation that computes during a call.
pub fn computed(operation: &Operation) -> impl Iterator<Item = &TensorType> {
    let results = (!is_constant(operation)).then_some(&operation.outputs);
    results.into_iter().flatten().filter_map(|output| output.ty.as_tensor())
}

/// True where a result of an operation has that element type.
pub fn computes(operation: &Operation, dtype: DType) -> bool {
    computed(operation).any(|ty| ty.dtype() == Some(dtype))
}

/// Results of an operation as text: `fp16[1,?,64]`.
pub fn results(operation: &Operation) -> String {
    operation.outputs.iter().map(|output| text::print_type(&output.ty)).collect::<Vec<_>>().join(", ")
}

/// A tensor type as text.
pub fn type_text(ty: &TensorType) -> String {
    text::print_type(&ValueType::Tensor(ty.clone()))
}

/// A known dimension, counted from the last where `axis` is negative.
pub fn dimension(ty: &TensorType, axis: i64) -> Option<u64> {
    let axis = if axis < 0 { axis + ty.dimensions.len() as i64 } else { axis };
    match ty.dimensions.get(usize::try_from(axis).ok()?)? {
        Dimension::Fixed(size) => Some(*size),
        Dimension::Unknown { .. } => None,
    }
}

/// A described array, with its type as text.
pub fn array(feature: &Feature) -> Option<(Option<DType>, &crate::description::Flexibility)> {
    match &feature.ty {
        FeatureType::Array { dtype, flexibility, .. } => Some((*dtype, flexibility)),
        FeatureType::Other(_) => None,
    }
}
