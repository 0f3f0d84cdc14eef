//! Construction of functions, in the spelling that Apple's converter uses: every literal argument is a `const`
//! operation.
//!
//! ```
//! use sottovoce_mil::{builder::FunctionBuilder, program::TensorType};
//! use sottovoce_tensor::{DType, Tensor};
//!
//! let mut function = FunctionBuilder::new("CoreML8");
//! let x = function.input("x", TensorType::fixed(DType::F32, &[2, 3]));
//! let weight = function.constant("weight", Tensor::zeros(DType::F32, [4, 3])?);
//! let y = function.op("linear", "y").arg("x", &x).arg("weight", &weight).out(TensorType::fixed(DType::F32, &[2, 4]));
//! let sum = function
//!     .op("reduce_sum", "sum")
//!     .arg("x", &y)
//!     .value("axes", [-1])
//!     .value("keep_dims", false)
//!     .out(TensorType::fixed(DType::F32, &[2]));
//! let function = function.finish(&[&sum])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use indexmap::IndexMap;

use crate::{
    MilError,
    program::{Binding, Block, Function, NamedValueType, Operation, TensorType, Value, ValueType},
    validate,
};

/// A value of the function under construction.
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    named: NamedValueType,
}

impl Var {
    /// Name, unique within the function.
    pub fn name(&self) -> &str {
        &self.named.name
    }

    /// Type.
    pub fn ty(&self) -> &ValueType {
        &self.named.ty
    }

    fn new(name: &str, ty: ValueType) -> Self {
        Self { named: NamedValueType { name: name.to_owned(), ty } }
    }
}

/// A function under construction. Operations run in the order in which they are added.
#[derive(Debug)]
pub struct FunctionBuilder {
    opset: String,
    inputs: Vec<NamedValueType>,
    operations: Vec<Operation>,
}

impl FunctionBuilder {
    /// An empty function for one opset, `CoreML8` (iOS 18) for instance.
    pub fn new(opset: &str) -> Self {
        Self { opset: opset.to_owned(), inputs: Vec::new(), operations: Vec::new() }
    }

    /// Adds an input.
    pub fn input(&mut self, name: &str, ty: TensorType) -> Var {
        self.add_input(Var::new(name, ValueType::Tensor(ty)))
    }

    /// Adds a state: a buffer that `read_state` reads and `write_state` replaces.
    pub fn state(&mut self, name: &str, ty: TensorType) -> Var {
        self.add_input(Var::new(name, ValueType::State(Box::new(ValueType::Tensor(ty)))))
    }

    /// Adds a `const` operation. The value is a literal or a blob that a [`crate::PackageWriter`] returned.
    pub fn constant(&mut self, name: &str, value: impl Into<Value>) -> Var {
        let value = value.into();
        let var = Var::new(name, value.ty.clone());
        self.operations.push(Operation {
            kind: "const".to_owned(),
            outputs: vec![var.named.clone()],
            attributes: IndexMap::from([("name".to_owned(), Value::string(name)), ("val".to_owned(), value)]),
            ..Operation::default()
        });
        var
    }

    /// Starts an operation; one of the `out` methods of the result adds it. `name` is also the name of a single result.
    pub fn op(&mut self, kind: &str, name: &str) -> OperationBuilder<'_> {
        let operation = Operation {
            kind: kind.to_owned(),
            attributes: IndexMap::from([("name".to_owned(), Value::string(name))]),
            ..Operation::default()
        };
        OperationBuilder { function: self, name: name.to_owned(), operation }
    }

    /// The finished function, whose results are `outputs`.
    ///
    /// # Errors
    /// [`MilError::Malformed`] as [`validate::function`]: duplicate names, an unknown opset, values of another
    /// function.
    pub fn finish(self, outputs: &[&Var]) -> Result<Function, MilError> {
        let block = Block {
            outputs: outputs.iter().map(|var| var.name().to_owned()).collect(),
            operations: self.operations,
            ..Block::default()
        };
        let function = Function {
            inputs: self.inputs,
            block_specializations: IndexMap::from([(self.opset.clone(), block)]),
            opset: self.opset,
            ..Function::default()
        };
        validate::function("main", &function)?;
        Ok(function)
    }

    fn add_input(&mut self, var: Var) -> Var {
        self.inputs.push(var.named.clone());
        var
    }
}

/// An operation under construction.
#[must_use = "an operation is added by one of its `out` methods"]
#[derive(Debug)]
pub struct OperationBuilder<'a> {
    function: &'a mut FunctionBuilder,
    name: String,
    operation: Operation,
}

impl OperationBuilder<'_> {
    /// Passes a value.
    pub fn arg(self, parameter: &str, var: &Var) -> Self {
        self.arg_list(parameter, &[var])
    }

    /// Passes several values to a variadic parameter, `values` of `concat` for instance.
    pub fn arg_list(mut self, parameter: &str, vars: &[&Var]) -> Self {
        let bindings = vars.iter().map(|var| Binding::Name(var.name().to_owned())).collect();
        self.operation.inputs.insert(parameter.to_owned(), bindings);
        self
    }

    /// Passes a literal through a `const` operation of its own, named after operation and parameter.
    pub fn value(self, parameter: &str, value: impl Into<Value>) -> Self {
        let var = self.function.constant(&format!("{}_{parameter}_0", self.name), value);
        self.arg(parameter, &var)
    }

    /// Passes a literal in place, as the `constexpr` operations of iOS 18 take their weights.
    pub fn literal(mut self, parameter: &str, value: impl Into<Value>) -> Self {
        self.operation.inputs.insert(parameter.to_owned(), vec![Binding::Value(value.into())]);
        self
    }

    /// Sets an attribute, as the `constexpr` operations of iOS 16 need.
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.operation.attributes.insert(name.to_owned(), value.into());
        self
    }

    /// Adds the operation with one result, named like the operation.
    pub fn out(self, ty: TensorType) -> Var {
        let var = Var::new(&self.name, ValueType::Tensor(ty));
        self.add(vec![var.named.clone()]);
        var
    }

    /// Adds the operation with one result per type, named after the operation with `_0`, `_1` and so on.
    pub fn outs(self, types: Vec<TensorType>) -> Vec<Var> {
        let name_of = |index: usize| format!("{}_{index}", self.name);
        let vars: Vec<Var> =
            types.into_iter().enumerate().map(|(index, ty)| Var::new(&name_of(index), ValueType::Tensor(ty))).collect();
        self.add(vars.iter().map(|var| var.named.clone()).collect());
        vars
    }

    /// Adds an operation without results, `write_state` for instance.
    pub fn no_out(self) {
        self.add(Vec::new());
    }

    fn add(mut self, outputs: Vec<NamedValueType>) {
        self.operation.outputs = outputs;
        self.function.operations.push(self.operation);
    }
}

#[cfg(test)]
mod tests {
    use sottovoce_tensor::DType;

    use super::*;

    fn vector(len: usize) -> TensorType {
        TensorType::fixed(DType::F16, &[len])
    }

    #[test]
    fn states_are_read_and_written() {
        let mut function = FunctionBuilder::new("CoreML8");
        let cache = function.state("cache", vector(4));
        let old = function.op("read_state", "old").arg("input", &cache).out(vector(4));
        let new = function.op("concat", "new").arg_list("values", &[&old, &old]).value("axis", 0).out(vector(8));
        function.op("write_state", "write").arg("input", &cache).arg("data", &new).no_out();
        let parts = function.op("split", "parts").arg("x", &new).outs(vec![vector(4), vector(4)]);
        let function = function.finish(&[&parts[1]]).unwrap();

        let block = function.active_block().unwrap();
        let kinds: Vec<_> = block.operations.iter().map(|op| op.kind.as_str()).collect();
        assert_eq!(kinds, ["read_state", "const", "concat", "write_state", "split"]);
        assert_eq!(block.operations[2].inputs["axis"], [Binding::Name("new_axis_0".to_owned())]);
        assert_eq!(block.operations[1].attributes["val"], Value::from(0));
        assert_eq!(block.outputs, ["parts_1"]);
        assert_eq!(function.inputs[0].ty, ValueType::State(Box::new(ValueType::Tensor(vector(4)))));
    }

    #[test]
    fn names_are_unique() {
        let mut function = FunctionBuilder::new("CoreML8");
        let x = function.input("x", vector(4));
        let y = function.op("relu", "x").arg("x", &x).out(vector(4));
        let message = function.finish(&[&y]).unwrap_err().to_string();
        assert_eq!(message, "function `main`, operation `x` (relu): defines `x`, which exists already");
    }

    #[test]
    fn values_of_another_function_are_refused() {
        let mut first = FunctionBuilder::new("CoreML8");
        let x = first.input("x", vector(4));
        let mut second = FunctionBuilder::new("CoreML8");
        let y = second.op("relu", "y").arg("x", &x).out(vector(4));
        let message = second.finish(&[&y]).unwrap_err().to_string();
        assert!(message.contains("argument `x` is `x`, which nothing defines"), "{message}");
    }
}
