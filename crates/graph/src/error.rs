//! Errors of the graph compiler.

use sottovoce_tensor::TensorError;

/// What can be wrong with one operation, without its place in the program.
#[derive(Debug, thiserror::Error)]
pub enum OpError {
    /// A required argument is not there.
    #[error("argument '{name}' is missing or empty")]
    MissingArgument {
        /// Parameter.
        name: &'static str,
    },
    /// An argument that this version needs as a constant is computed.
    #[error("argument '{name}' must be a constant; values computed at run time are not supported here")]
    NotConstant {
        /// Parameter.
        name: &'static str,
    },
    /// Two sizes that must agree do not.
    #[error("{what}: sizes {left} and {right} do not agree")]
    Mismatch {
        /// What needs them to agree.
        what: &'static str,
        /// One side.
        left: String,
        /// The other side.
        right: String,
    },
    /// An argument has a value outside what the operation defines.
    #[error("argument '{name}': expected {expected}, found {found}")]
    InvalidArgument {
        /// Parameter.
        name: &'static str,
        /// What the operation accepts.
        expected: String,
        /// What the program has.
        found: String,
    },
    /// A form of the operation that this version does not implement.
    #[error("{what} is not supported")]
    Unsupported {
        /// What it is.
        what: String,
    },
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// What can go wrong between a program and a graph, or when a graph is run.
#[derive(Debug, thiserror::Error)]
pub enum GraphError {
    /// The function is not in the program.
    #[error("the program has no function '{function}'; it has {known}")]
    UnknownFunction {
        /// Name asked for.
        function: String,
        /// Names that exist.
        known: String,
    },
    /// An operation that this version does not implement.
    #[error("function '{function}': operation '{kind}' (result '{result}') is not supported")]
    UnknownOperation {
        /// Function.
        function: String,
        /// MIL name of the operation.
        kind: String,
        /// Name of its first result.
        result: String,
    },
    /// Something is wrong with an operation.
    #[error("function '{function}': operation '{kind}' (result '{result}'): {source}")]
    Operation {
        /// Function.
        function: String,
        /// MIL name of the operation.
        kind: String,
        /// Name of its first result.
        result: String,
        /// What is wrong.
        source: Box<OpError>,
    },
    /// A part of the program that this version does not run.
    #[error("function '{function}': {what}")]
    Unsupported {
        /// Function.
        function: String,
        /// What it is.
        what: String,
    },
    /// A value is used that nothing defines.
    #[error("function '{function}': value '{name}' is used but not defined before")]
    Undefined {
        /// Function.
        function: String,
        /// Name.
        name: String,
    },
    /// An input, a state or a weight is missing or has another type or shape than the function declares.
    #[error("{what} '{name}': expected {expected}, found {found}")]
    Interface {
        /// `input`, `state` or `weight`.
        what: &'static str,
        /// Name.
        name: String,
        /// What the function declares.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The input sizes break a rule of the program.
    #[error("the input sizes break the rule {rule} ({reason})")]
    Guard {
        /// The rule with its values.
        rule: String,
        /// What relies on it.
        reason: String,
    },
    /// A weight could not be read.
    #[error("{0}")]
    Weight(String),
}
