//! From a function of an ML Program to a graph.
//!
//! States become SSA values: `read_state` gives the current version, `write_state` makes a new one. String literals become
//! part of the node; every other argument is a value. Weights stay in their file.

use std::collections::HashMap;

use sottovoce_mil::{
    description::{Feature, FeatureType, Flexibility, FunctionDescription},
    program::{Binding, Block, Dimension, ElementType, Operation, Program, TensorType, Value, ValueData, ValueType},
};
use sottovoce_tensor::DType;

use crate::{
    error::GraphError,
    infer::{infer, infer_node, operation_error},
    ir::{Arg, BlobRef, Constant, Dim, Fact, Graph, SymbolRange, ValueId},
    op::OpDef,
    ops,
};

/// Attribute that every operation carries and none computes with.
const NAME_ATTRIBUTE: &str = "name";

/// What a name of the program stands for.
#[derive(Clone)]
enum Definition {
    Value(ValueId),
    Text(String),
    State(usize),
}

/// Lowers `function` of `program`; `interface` gives the ranges of its flexible inputs.
///
/// # Errors
/// [`GraphError`] that names the function and the operation: unknown function or operation, undefined values, arguments
/// that do not fit, nested blocks.
pub fn lower(program: &Program, interface: &FunctionDescription, function: &str) -> Result<Graph, GraphError> {
    let source = program.functions.get(function).ok_or_else(|| GraphError::UnknownFunction {
        function: function.to_owned(),
        known: program.functions.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })?;
    let mut lowering = Lowering { function, graph: Graph::new(function), names: HashMap::new(), versions: Vec::new() };
    let block = source
        .active_block()
        .ok_or_else(|| lowering.unsupported(format!("it has no block for its opset {}", source.opset)))?;
    for input in &source.inputs {
        lowering.add_parameter(&input.name, &input.ty, interface)?;
    }
    lowering.add_block(block)?;
    let mut graph = lowering.graph;
    infer(&mut graph, function)?;
    Ok(graph)
}

struct Lowering<'a> {
    function: &'a str,
    graph: Graph,
    names: HashMap<String, Definition>,
    /// Current version of each state.
    versions: Vec<ValueId>,
}

impl Lowering<'_> {
    fn unsupported(&self, what: String) -> GraphError {
        GraphError::Unsupported { function: self.function.to_owned(), what }
    }

    fn add_parameter(&mut self, name: &str, ty: &ValueType, interface: &FunctionDescription) -> Result<(), GraphError> {
        let tensor = ty
            .as_tensor()
            .ok_or_else(|| self.unsupported(format!("input '{name}' is not a tensor, which is not supported")))?;
        let dtype = self.dtype(name, tensor)?;
        let definition = if matches!(ty, ValueType::State(_)) {
            let shape = tensor.fixed_shape().ok_or_else(|| {
                self.unsupported(format!("state '{name}' has a flexible shape; states need a fixed one"))
            })?;
            let shape = shape.into_iter().map(Dim::from).collect();
            let version = self.graph.add_state(name, Fact::new(dtype, shape));
            self.versions.push(version);
            Definition::State(self.versions.len() - 1)
        } else {
            let feature = interface.inputs.iter().find(|feature| feature.name == name);
            let shape = self.input_shape(name, tensor, feature);
            Definition::Value(self.graph.add_input(name, Fact::new(dtype, shape)))
        };
        self.names.insert(name.to_owned(), definition);
        Ok(())
    }

    fn dtype(&self, name: &str, ty: &TensorType) -> Result<DType, GraphError> {
        match ty.element {
            ElementType::Data(dtype) => Ok(dtype),
            ElementType::String => {
                Err(self.unsupported(format!("'{name}' is a string tensor, which is not supported")))
            }
            ElementType::Other(code) => {
                Err(self.unsupported(format!("'{name}' has data type {code}, which is not supported")))
            }
        }
    }

    fn input_shape(&mut self, name: &str, ty: &TensorType, feature: Option<&Feature>) -> Vec<Dim> {
        let flexible = |axis: usize| ranges(feature).and_then(|ranges| ranges.get(axis).copied());
        let mut shape = Vec::with_capacity(ty.dimensions.len());
        for (axis, dimension) in ty.dimensions.iter().enumerate() {
            // The program says "unknown" or the default size; what callers may pass is in the description.
            let dim = match (flexible(axis), dimension) {
                (Some((min, Some(max))), _) if min == max => Dim::from(min),
                (None, Dimension::Fixed(size)) => Dim::from(i64::try_from(*size).unwrap_or(i64::MAX)),
                (range, _) => {
                    let (min, max) = range.unwrap_or((0, None));
                    let bound = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
                    let range = SymbolRange { min: bound(min), max: max.map(bound) };
                    self.graph.symbols.add(format!("dimension {axis} of '{name}'"), range).into()
                }
            };
            shape.push(dim);
        }
        shape
    }

    fn add_block(&mut self, block: &Block) -> Result<(), GraphError> {
        for operation in &block.operations {
            match operation.kind.as_str() {
                "const" => self.add_const(operation)?,
                "read_state" => {
                    let state = self.state(operation, "input")?;
                    self.bind_results(operation, &[self.versions[state]])?;
                }
                "write_state" | "coreml_update_state" => self.write_state(operation)?,
                kind => {
                    let op = ops::find(kind).ok_or_else(|| GraphError::UnknownOperation {
                        function: self.function.to_owned(),
                        kind: kind.to_owned(),
                        result: result_name(operation).to_owned(),
                    })?;
                    self.add_operation(op, operation)?;
                }
            }
        }
        for name in &block.outputs {
            let value = match self.names.get(name) {
                Some(Definition::Value(value)) => *value,
                Some(Definition::State(state)) => self.versions[*state],
                Some(Definition::Text(_)) => {
                    return Err(self.unsupported(format!("output '{name}' is a string, which is not supported")));
                }
                None => return Err(self.undefined(name)),
            };
            self.graph.outputs.push(crate::ir::Output { name: name.clone(), value });
        }
        for (slot, &version) in self.graph.states.iter_mut().zip(&self.versions) {
            slot.last = version;
        }
        Ok(())
    }

    fn add_const(&mut self, operation: &Operation) -> Result<(), GraphError> {
        let name = result_name(operation);
        let value = operation
            .attributes
            .get("val")
            .ok_or_else(|| self.unsupported(format!("const '{name}' has no 'val' attribute")))?;
        let definition = self.literal(name, value)?;
        self.names.insert(name.to_owned(), definition);
        Ok(())
    }

    fn literal(&mut self, name: &str, value: &Value) -> Result<Definition, GraphError> {
        match &value.data {
            ValueData::Tensor(tensor) => Ok(Definition::Value(self.graph.add_tensor(name, tensor.clone()))),
            ValueData::Strings(strings) if strings.len() == 1 => Ok(Definition::Text(strings[0].clone())),
            ValueData::Blob { file, offset } => {
                let ty = value.ty.as_tensor();
                let shape = ty.and_then(TensorType::fixed_shape);
                let (Some(ty), Some(shape)) = (ty, shape) else {
                    return Err(self.unsupported(format!("weight '{name}' has no fixed tensor type")));
                };
                let fact = Fact::new(self.dtype(name, ty)?, shape.into_iter().map(Dim::from).collect());
                let blob = BlobRef { file: file.clone(), offset: *offset };
                Ok(Definition::Value(self.graph.add_constant(name, Constant::Blob(blob), fact)))
            }
            _ => Err(self.unsupported(format!("literal '{name}' is neither a tensor nor one string"))),
        }
    }

    fn state(&self, operation: &Operation, param: &str) -> Result<usize, GraphError> {
        let binding = operation.inputs.get(param).and_then(|bindings| bindings.first());
        match binding {
            Some(Binding::Name(name)) => match self.names.get(name) {
                Some(Definition::State(state)) => Ok(*state),
                Some(_) => Err(self.unsupported(format!("{} of '{name}', which is not a state", operation.kind))),
                None => Err(self.undefined(name)),
            },
            _ => Err(self.unsupported(format!("{} without a state", operation.kind))),
        }
    }

    fn write_state(&mut self, operation: &Operation) -> Result<(), GraphError> {
        // coremltools names the parameters `input` and `data`, its Python form `state` and `value`.
        let (target, data) = if operation.kind == "write_state" { ("input", "data") } else { ("state", "value") };
        let state = self.state(operation, target)?;
        let bindings = operation.inputs.get(data).map_or(&[][..], Vec::as_slice);
        let Arg::Value(value) = self.arg(operation, data, bindings, false)? else {
            return Err(self.unsupported(format!("{} without data", operation.kind)));
        };
        let (declared, found) = (self.graph.fact(self.versions[state]), self.graph.fact(value));
        if declared.dtype != found.dtype || declared.shape != found.shape {
            return Err(GraphError::Interface {
                what: "state",
                name: self.graph.states[state].name.clone(),
                expected: describe(declared),
                found: format!("a write of {}", describe(found)),
            });
        }
        self.versions[state] = value;
        self.bind_results(operation, &[value])
    }

    fn bind_results(&mut self, operation: &Operation, values: &[ValueId]) -> Result<(), GraphError> {
        for (output, &value) in operation.outputs.iter().zip(values) {
            self.names.insert(output.name.clone(), Definition::Value(value));
        }
        Ok(())
    }

    fn add_operation(&mut self, op: &'static OpDef, operation: &Operation) -> Result<(), GraphError> {
        if !operation.blocks.is_empty() {
            return Err(self.unsupported(format!("operation '{}' has nested blocks", operation.kind)));
        }
        let given = operation.inputs.keys().chain(operation.attributes.keys().filter(|name| *name != NAME_ATTRIBUTE));
        for name in given {
            if !op.params.iter().any(|param| param.name == name) {
                return Err(self.unsupported(format!(
                    "operation '{}' (result '{}') has an argument '{name}' that is not supported",
                    operation.kind,
                    result_name(operation)
                )));
            }
        }
        let mut args = Vec::with_capacity(operation.inputs.len());
        for param in op.params {
            if let Some(bindings) = operation.inputs.get(param.name) {
                args.push((param.name, self.arg(operation, param.name, bindings, param.variadic)?));
            } else if let Some(value) = operation.attributes.get(param.name) {
                let name = format!("{}.{}", result_name(operation), param.name);
                let definition = self.literal(&name, value)?;
                args.push((param.name, into_arg(definition, &self.versions)));
            } else if param.required {
                let id = self.graph.add_node(op, args, results(operation));
                let source = crate::error::OpError::MissingArgument { name: param.name };
                return Err(operation_error(&self.graph, id, self.function, source));
            }
        }
        let id = self.graph.add_node(op, args, results(operation));
        infer_node(&mut self.graph, id).map_err(|source| operation_error(&self.graph, id, self.function, source))?;
        let outputs = self.graph.node(id).outputs.clone();
        for (output, &value) in operation.outputs.iter().zip(&outputs) {
            self.check_declared(&output.name, &output.ty, value)?;
        }
        self.bind_results(operation, &outputs)
    }

    fn arg(
        &mut self,
        operation: &Operation,
        param: &str,
        bindings: &[Binding],
        variadic: bool,
    ) -> Result<Arg, GraphError> {
        let mut args = Vec::with_capacity(bindings.len());
        for binding in bindings {
            let definition = match binding {
                Binding::Name(name) => self.names.get(name).cloned().ok_or_else(|| self.undefined(name))?,
                Binding::Value(value) => self.literal(&format!("{}.{param}", result_name(operation)), value)?,
            };
            args.push(into_arg(definition, &self.versions));
        }
        match (args.len(), variadic) {
            (1, false) => Ok(args.remove(0)),
            (_, true) => Ok(Arg::List(args.iter().flat_map(|arg| arg.values().iter().copied()).collect())),
            (count, false) => Err(self.unsupported(format!(
                "argument '{param}' of operation '{}' (result '{}') has {count} bindings instead of one",
                operation.kind,
                result_name(operation)
            ))),
        }
    }

    /// The converter's own type inference has to agree with ours: a difference means that one of the two misreads the
    /// program.
    fn check_declared(&self, name: &str, ty: &ValueType, value: ValueId) -> Result<(), GraphError> {
        let fact = self.graph.fact(value);
        let Some(declared) = ty.as_tensor() else { return Ok(()) };
        let dims_fit = declared.dimensions.len() == fact.rank()
            && declared.dimensions.iter().zip(&fact.shape).all(|(declared, found)| {
                match (declared, found.as_const()) {
                    (Dimension::Fixed(size), Some(found)) => i64::try_from(*size) == Ok(found),
                    _ => true,
                }
            });
        if declared.dtype() == Some(fact.dtype) && dims_fit {
            return Ok(());
        }
        Err(GraphError::Interface {
            what: "result",
            name: name.to_owned(),
            expected: format!("{:?} {:?} as the program declares", declared.element, declared.dimensions),
            found: describe(fact),
        })
    }

    fn undefined(&self, name: &str) -> GraphError {
        GraphError::Undefined { function: self.function.to_owned(), name: name.to_owned() }
    }
}

fn into_arg(definition: Definition, versions: &[ValueId]) -> Arg {
    match definition {
        Definition::Value(value) => Arg::Value(value),
        Definition::Text(text) => Arg::Text(text),
        Definition::State(state) => Arg::Value(versions[state]),
    }
}

/// Names of the results with a fact that inference replaces.
fn results(operation: &Operation) -> Vec<(String, Fact)> {
    let unknown = || Fact::new(DType::F32, Vec::new());
    operation.outputs.iter().map(|output| (output.name.clone(), unknown())).collect()
}

fn result_name(operation: &Operation) -> &str {
    operation.outputs.first().map_or("", |output| output.name.as_str())
}

/// Range of each dimension of a flexible input.
fn ranges(feature: Option<&Feature>) -> Option<Vec<(usize, Option<usize>)>> {
    let FeatureType::Array { flexibility, .. } = &feature?.ty else { return None };
    match flexibility {
        Flexibility::Fixed => None,
        Flexibility::Ranges(ranges) => Some(ranges.clone()),
        Flexibility::Enumerated(shapes) => {
            let rank = shapes.first()?.len();
            let of_axis = |axis: usize| {
                let sizes = shapes.iter().filter_map(|shape| shape.get(axis).copied());
                Some((sizes.clone().min()?, Some(sizes.max()?)))
            };
            (0..rank).map(of_axis).collect()
        }
    }
}

/// `fp16 [1, s0, 64]`.
pub(crate) fn describe(fact: &Fact) -> String {
    let dims: Vec<String> = fact.shape.iter().map(Dim::to_string).collect();
    format!("{} [{}]", fact.dtype, dims.join(", "))
}
