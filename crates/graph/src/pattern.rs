//! Declarative patterns over the dataflow that ends in a value.

use crate::ir::{Arg, Definition, Graph, Node, ValueId};

/// A shape of dataflow to look for.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Any value; two captures of the same name must be the same value.
    Any(&'static str),
    /// A constant at hand with one element.
    Scalar(&'static str),
    /// The result of an operation.
    Op {
        /// Name of the operation.
        name: &'static str,
        /// Patterns of some of its parameters.
        operands: Vec<(&'static str, Pattern)>,
        /// Whether the two operands may be swapped.
        commutative: bool,
    },
    /// The result of an operation with a variadic parameter.
    List {
        /// Name of the operation.
        name: &'static str,
        /// Parameter.
        param: &'static str,
        /// Patterns of its values, all of them.
        values: Vec<Pattern>,
    },
    /// Captures the value that another pattern matches.
    Named(&'static str, Box<Pattern>),
    /// The first that matches.
    OneOf(Vec<Pattern>),
    /// A pattern below any number of casts between floats and views that only add or drop dimensions of size one.
    Through(Box<Pattern>),
}

/// Captures any value.
pub fn any(name: &'static str) -> Pattern {
    Pattern::Any(name)
}

/// Captures a constant with one element.
pub fn scalar(name: &'static str) -> Pattern {
    Pattern::Scalar(name)
}

/// An operation with the given operands.
pub fn op<const N: usize>(name: &'static str, operands: [(&'static str, Pattern); N]) -> Pattern {
    Pattern::Op { name, operands: operands.into(), commutative: false }
}

/// An operation on `x`.
pub fn unary(name: &'static str, x: Pattern) -> Pattern {
    op(name, [("x", x)])
}

/// An operation on `x` and `y` in either order.
pub fn either_order(name: &'static str, x: Pattern, y: Pattern) -> Pattern {
    Pattern::Op { name, operands: vec![("x", x), ("y", y)], commutative: true }
}

/// Captures what `pattern` matches.
pub fn named(name: &'static str, pattern: Pattern) -> Pattern {
    Pattern::Named(name, Box::new(pattern))
}

/// The first pattern that matches.
pub fn one_of<const N: usize>(patterns: [Pattern; N]) -> Pattern {
    Pattern::OneOf(patterns.into())
}

/// A pattern below casts between floats and views.
pub fn through(pattern: Pattern) -> Pattern {
    Pattern::Through(Box::new(pattern))
}

/// A concatenation of exactly these values.
pub fn concat<const N: usize>(values: [Pattern; N]) -> Pattern {
    Pattern::List { name: "concat", param: "values", values: values.into() }
}

/// Values that a pattern captured.
#[derive(Clone, Debug, Default)]
pub struct Captures {
    values: Vec<(&'static str, ValueId)>,
}

impl Captures {
    /// A captured value.
    ///
    /// # Panics
    /// When the pattern has no such capture: a mistake in the pass, found by its first test.
    pub fn value(&self, name: &str) -> ValueId {
        self.get(name).unwrap_or_else(|| panic!("the pattern does not capture '{name}'"))
    }

    /// A captured value, when the alternative that matched has it.
    pub fn get(&self, name: &str) -> Option<ValueId> {
        self.values.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }

    fn bind(&mut self, name: &'static str, value: ValueId) -> bool {
        match self.get(name) {
            Some(bound) => bound == value,
            None => {
                self.values.push((name, value));
                true
            }
        }
    }
}

impl Pattern {
    /// Matches the dataflow that ends in `value`.
    pub fn find(&self, graph: &Graph, value: ValueId) -> Option<Captures> {
        let mut captures = Captures::default();
        self.matches(graph, value, &mut captures).then_some(captures)
    }

    fn matches(&self, graph: &Graph, value: ValueId, captures: &mut Captures) -> bool {
        match self {
            Self::Any(name) => captures.bind(name, value),
            Self::Scalar(name) => {
                graph.tensor(value).is_some_and(|tensor| tensor.len() == 1) && captures.bind(name, value)
            }
            Self::Op { name, operands, commutative } => {
                let Some(node) = producer(graph, value, name) else { return false };
                let snapshot = captures.clone();
                if operands_match(graph, node, operands.iter().map(|(param, pattern)| (*param, pattern)), captures) {
                    return true;
                }
                *captures = snapshot;
                if !*commutative {
                    return false;
                }
                let params = operands.iter().rev().map(|(param, _)| *param);
                operands_match(graph, node, params.zip(operands.iter().map(|(_, pattern)| pattern)), captures)
            }
            Self::List { name, param, values } => {
                let Some(node) = producer(graph, value, name) else { return false };
                let Some(Arg::List(found)) = node.arg(param) else { return false };
                found.len() == values.len()
                    && values.iter().zip(found).all(|(pattern, &value)| pattern.matches(graph, value, captures))
            }
            Self::Named(name, pattern) => captures.bind(name, value) && pattern.matches(graph, value, captures),
            Self::OneOf(patterns) => patterns.iter().any(|pattern| {
                let mut attempt = captures.clone();
                let found = pattern.matches(graph, value, &mut attempt);
                if found {
                    *captures = attempt;
                }
                found
            }),
            Self::Through(pattern) => pattern.matches(graph, strip_views(graph, value), captures),
        }
    }
}

fn operands_match<'p>(
    graph: &Graph,
    node: &Node,
    mut operands: impl Iterator<Item = (&'static str, &'p Pattern)>,
    captures: &mut Captures,
) -> bool {
    operands.all(|(param, pattern)| node.value(param).is_some_and(|operand| pattern.matches(graph, operand, captures)))
}

/// The node that computes `value`, if its operation has this name.
pub fn producer<'g>(graph: &'g Graph, value: ValueId, name: &str) -> Option<&'g Node> {
    match graph.value(value).definition {
        Definition::Node(node, _) => Some(graph.node(node)).filter(|node| node.op.name == name),
        _ => None,
    }
}

/// `value` below casts between floats and views that only add or drop dimensions of size one.
pub fn strip_views(graph: &Graph, mut value: ValueId) -> ValueId {
    while let Definition::Node(node, _) = graph.value(value).definition {
        let node = graph.node(node);
        let Some(source) = node.value("x") else { break };
        let transparent = match node.op.name {
            "cast" => graph.fact(source).dtype.is_float() && graph.fact(value).dtype.is_float(),
            "expand_dims" | "squeeze" | "reshape" => same_but_for_units(graph, source, value),
            _ => false,
        };
        if !transparent {
            break;
        }
        value = source;
    }
    value
}

/// `value` below casts between floats.
pub fn strip_casts(graph: &Graph, mut value: ValueId) -> ValueId {
    while let Some(source) = producer(graph, value, "cast").and_then(|node| node.value("x")) {
        if !(graph.fact(source).dtype.is_float() && graph.fact(value).dtype.is_float()) {
            break;
        }
        value = source;
    }
    value
}

fn same_but_for_units(graph: &Graph, a: ValueId, b: ValueId) -> bool {
    let significant = |value: ValueId| graph.fact(value).shape.iter().filter(|dim| dim.as_const() != Some(1));
    significant(a).eq(significant(b))
}
