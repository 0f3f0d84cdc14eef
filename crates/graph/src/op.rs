//! What an operation is: its parameters, its shape rule and its plain meaning.

use sottovoce_tensor::{DType, Tensor};

use crate::{
    error::OpError,
    ir::{Arg, Condition, Dim, Fact, Graph, Guard, Node, ValueId},
};

/// Definition of one operation. Each lives in a file of its own under `ops` and is listed in [`crate::ops::all`].
pub struct OpDef {
    /// Name in MIL, or a name of ours for fused operations.
    pub name: &'static str,
    /// Parameters in canonical order.
    pub params: &'static [Param],
    /// Types, shapes and symbolic values of the results from what is known of the arguments.
    pub infer: fn(&mut InferContext<'_>) -> Result<Vec<Fact>, OpError>,
    /// Reference meaning, written for clarity.
    pub eval: fn(&EvalContext<'_>) -> Result<Vec<Tensor>, OpError>,
}

impl std::fmt::Debug for OpDef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A parameter of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Name in MIL.
    pub name: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it takes any number of values (`values` of `concat`).
    pub variadic: bool,
}

/// A parameter that must be given.
pub const fn required(name: &'static str) -> Param {
    Param { name, required: true, variadic: false }
}

/// A parameter with a default.
pub const fn optional(name: &'static str) -> Param {
    Param { name, required: false, variadic: false }
}

/// A parameter that takes any number of values.
pub const fn variadic(name: &'static str) -> Param {
    Param { name, required: true, variadic: true }
}

/// What a shape rule sees.
pub struct InferContext<'a> {
    pub(crate) graph: &'a mut Graph,
    pub(crate) node: &'a Node,
}

impl InferContext<'_> {
    /// Fact of a required argument.
    ///
    /// # Errors
    /// When the argument is missing or is a list.
    pub fn fact(&self, name: &'static str) -> Result<&Fact, OpError> {
        self.opt_fact(name).ok_or(OpError::MissingArgument { name })
    }

    /// Fact of an optional argument.
    pub fn opt_fact(&self, name: &str) -> Option<&Fact> {
        Some(self.graph.fact(self.node.value(name)?))
    }

    /// Facts of a variadic argument.
    ///
    /// # Errors
    /// When the argument is missing.
    pub fn facts(&self, name: &'static str) -> Result<Vec<&Fact>, OpError> {
        let arg = self.node.arg(name).ok_or(OpError::MissingArgument { name })?;
        Ok(arg.values().iter().map(|&value| self.graph.fact(value)).collect())
    }

    /// An argument that must be a constant at hand; `None` when it is not given.
    ///
    /// # Errors
    /// When it is given but only known at run time.
    pub fn constant(&self, name: &'static str) -> Result<Option<&Tensor>, OpError> {
        match self.node.value(name) {
            None => Ok(None),
            Some(value) => self.graph.tensor(value).map(Some).ok_or(OpError::NotConstant { name }),
        }
    }

    /// Symbolic elements of an integer argument, where they are known.
    pub fn symbolic(&self, name: &str) -> Option<&[Dim]> {
        self.opt_fact(name)?.value.as_deref()
    }

    /// A string argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        text(self.node, name)
    }

    /// A constant list of integers; `None` when it is not given.
    ///
    /// # Errors
    /// When it is given but only known at run time.
    pub fn ints(&self, name: &'static str) -> Result<Option<Vec<i64>>, OpError> {
        if let Some(values) = self.symbolic(name).and_then(|value| value.iter().map(Dim::as_const).collect()) {
            return Ok(Some(values));
        }
        Ok(self.constant(name)?.map(Tensor::to_i64_vec))
    }

    /// A constant integer, or `default` when it is not given.
    ///
    /// # Errors
    /// When it is given but only known at run time, or empty.
    pub fn int(&self, name: &'static str, default: i64) -> Result<i64, OpError> {
        self.ints(name)?.map_or(Ok(default), |values| first(name, &values))
    }

    /// A constant flag, or `default` when it is not given.
    ///
    /// # Errors
    /// When it is given but only known at run time, or empty.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, OpError> {
        Ok(self.int(name, default.into())? != 0)
    }

    /// Symbols of the graph, for comparisons of dimensions.
    pub fn symbols(&self) -> &crate::ir::Symbols {
        &self.graph.symbols
    }

    /// Relies on a condition. Two bare symbols that must be equal become one.
    pub fn assume(&mut self, condition: Condition, reason: &str) {
        assume(self.graph, condition, &format!("{} of {}", reason, self.node.op.name));
    }

    /// Equality of two dimensions that an operation needs, decided or assumed.
    ///
    /// # Errors
    /// When they are never equal.
    pub fn assume_equal(&mut self, a: &Dim, b: &Dim, reason: &'static str) -> Result<(), OpError> {
        match a.equals(b, &self.graph.symbols) {
            Some(true) => Ok(()),
            Some(false) => Err(OpError::Mismatch { what: reason, left: a.to_string(), right: b.to_string() }),
            None => {
                self.assume(Condition::Equal(a.clone(), b.clone()), reason);
                Ok(())
            }
        }
    }

    /// Relies on `a <= b` unless the bounds of the sizes decide it. A condition that never holds is recorded too: it
    /// fails in every call, with its reason.
    pub fn assume_at_most(&mut self, a: &Dim, b: &Dim, reason: &str) {
        if a.at_most(b, &self.graph.symbols) != Some(true) {
            self.assume(Condition::AtMost(a.clone(), b.clone()), reason);
        }
    }

    /// Shape that two shapes broadcast to (NumPy's rule), assuming that unknown sizes which meet are equal.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn broadcast(&mut self, a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, OpError> {
        let rank = a.len().max(b.len());
        let one = Dim::from(1i64);
        let at = |shape: &[Dim], axis: usize| match (axis + shape.len()).checked_sub(rank) {
            Some(index) => shape[index].clone(),
            None => one.clone(),
        };
        let mut result = Vec::with_capacity(rank);
        for axis in 0..rank {
            let (left, right) = (at(a, axis), at(b, axis));
            if left == one {
                result.push(right);
            } else if right == one {
                result.push(left);
            } else {
                self.assume_equal(&left, &right, "broadcast")?;
                // A constant says more than a symbol.
                result.push(if left.as_const().is_some() { left } else { right });
            }
        }
        Ok(result)
    }
}

/// Records a guard, or unifies two symbols (the guard is kept: callers may still pass different sizes).
pub(crate) fn assume(graph: &mut Graph, condition: Condition, reason: &str) {
    let condition = match condition {
        Condition::Equal(a, b) if b < a => Condition::Equal(b, a),
        other => other,
    };
    if let Condition::Equal(a, b) = &condition
        && let (Some(a), Some(b)) = (a.as_symbol(), b.as_symbol())
    {
        graph.symbols.unify(a, b);
    }
    if !graph.guards.iter().any(|guard| guard.condition == condition) {
        graph.guards.push(Guard { condition, reason: reason.to_owned() });
    }
}

/// What a reference implementation sees: its arguments as tensors.
pub struct EvalContext<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) node: &'a Node,
    pub(crate) tensors: &'a dyn Fn(ValueId) -> Option<&'a Tensor>,
    /// Keep f16 results in f32 (the exact mode) instead of rounding each to f16 as Core ML's f16 programs do.
    pub(crate) exact: bool,
}

impl<'a> EvalContext<'a> {
    /// The context of one node: `tensors` gives its operands; with `exact`, f16 results stay in f32.
    pub fn new(
        graph: &'a Graph,
        node: &'a Node,
        tensors: &'a dyn Fn(ValueId) -> Option<&'a Tensor>,
        exact: bool,
    ) -> Self {
        Self { graph, node, tensors, exact }
    }

    /// A required argument.
    ///
    /// # Errors
    /// When it is missing.
    pub fn tensor(&self, name: &'static str) -> Result<&'a Tensor, OpError> {
        self.opt_tensor(name).ok_or(OpError::MissingArgument { name })
    }

    /// An optional argument.
    pub fn opt_tensor(&self, name: &str) -> Option<&'a Tensor> {
        (self.tensors)(self.node.value(name)?)
    }

    /// A variadic argument.
    ///
    /// # Errors
    /// When it is missing.
    pub fn list(&self, name: &'static str) -> Result<Vec<&'a Tensor>, OpError> {
        let arg = self.node.arg(name).ok_or(OpError::MissingArgument { name })?;
        arg.values().iter().map(|&value| (self.tensors)(value).ok_or(OpError::MissingArgument { name })).collect()
    }

    /// A string argument.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        text(self.node, name)
    }

    /// Integers, if given.
    pub fn ints(&self, name: &str) -> Option<Vec<i64>> {
        self.opt_tensor(name).map(Tensor::to_i64_vec)
    }

    /// An integer, or `default` when it is not given.
    ///
    /// # Errors
    /// When the argument is empty.
    pub fn int(&self, name: &'static str, default: i64) -> Result<i64, OpError> {
        self.ints(name).map_or(Ok(default), |values| first(name, &values))
    }

    /// A flag, or `default` when it is not given.
    ///
    /// # Errors
    /// When the argument is empty.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, OpError> {
        Ok(self.int(name, default.into())? != 0)
    }

    /// A float, or `default` when it is not given.
    ///
    /// # Errors
    /// When the argument is empty.
    pub fn float(&self, name: &'static str, default: f32) -> Result<f32, OpError> {
        self.opt_tensor(name)
            .map_or(Ok(default), |tensor| tensor.to_f32_vec().first().copied().ok_or(OpError::MissingArgument { name }))
    }

    /// Element type that inference found for a result.
    pub fn output_type(&self, index: usize) -> DType {
        self.graph.fact(self.node.outputs[index]).dtype
    }

    /// A float result of the type that inference found, computed in f32: rounded to it, or kept in f32 in exact mode.
    ///
    /// # Errors
    /// When `data` does not have the elements of `shape`.
    pub fn float_output(&self, shape: &[usize], data: &[f32]) -> Result<Tensor, OpError> {
        let dtype = match self.output_type(0) {
            DType::F16 | DType::BF16 if self.exact => DType::F32,
            dtype => dtype,
        };
        Ok(Tensor::from_f32(dtype, shape, data)?)
    }
}

fn first(name: &'static str, values: &[i64]) -> Result<i64, OpError> {
    values.first().copied().ok_or(OpError::MissingArgument { name })
}

fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    match node.arg(name)? {
        Arg::Text(text) => Some(text),
        _ => None,
    }
}
