//! Errors of the runtime.

use std::path::PathBuf;

use sottovoce_graph::GraphError;
use sottovoce_mil::MilError;
use sottovoce_tensor::TensorError;

/// What can go wrong when a model is loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The package could not be read.
    #[error(transparent)]
    Package(#[from] MilError),
    /// The program could not be understood or run.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
    /// The caller ended the load.
    #[error("the load was cancelled")]
    Cancelled,
    /// A weight could not be loaded.
    #[error("weight '{name}': {reason}")]
    Weight {
        /// Name in the program.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// The file of packed weights beside a package cannot be used.
    #[error("packed weights {}: {reason}", path.display())]
    PackedCache {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An operation failed while running.
    #[error("'{value}' ({operation}): {reason}")]
    Operation {
        /// Name of its result in the program.
        value: String,
        /// Operation.
        operation: String,
        /// What is wrong.
        reason: String,
    },
    /// A call that cannot be taken backwards.
    #[error("this package has no gradients: {0}")]
    NoGradient(String),
    /// An input is missing, unknown, or has the wrong type or shape.
    #[error("input '{name}': expected {expected}, found {found}")]
    Input {
        /// Name.
        name: String,
        /// What the model takes.
        expected: String,
        /// What was given.
        found: String,
    },
    /// The sizes of the inputs do not fit together.
    #[error("the input sizes do not fit together: {rule} does not hold ({reason}). {advice}")]
    Sizes {
        /// The rule, with the names of the input dimensions.
        rule: String,
        /// Which part of the model needs it.
        reason: String,
        /// How sizes relate in language models.
        advice: &'static str,
    },
    /// The mask hides every position from a row, or holds NaN.
    #[error("mask '{name}': row {row} {problem}; every row must see at least one position and masks hold no NaN")]
    Mask {
        /// Name of the input.
        name: String,
        /// Row.
        row: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A token id that the embedding table does not have.
    #[error("input '{name}': token id {id} is outside the vocabulary of {vocabulary}")]
    TokenId {
        /// Name of the input.
        name: String,
        /// The id.
        id: i64,
        /// Rows of the embedding table.
        vocabulary: usize,
    },
    /// The call does not continue the state.
    #[error(
        "the call begins at position {begin}, but the state holds {len} positions; {}",
        if begin > len { "positions between would be undefined: the mask must be [1, 1, q, state length + q]" }
        else { "to overwrite positions, rewind the state first" }
    )]
    Position {
        /// First position of the call: kv − q.
        begin: usize,
        /// Positions in the state.
        len: usize,
    },
    /// A rewind to more positions than there are.
    #[error("cannot rewind to {to} positions: the state holds {len}")]
    Rewind {
        /// Asked for.
        to: usize,
        /// Held.
        len: usize,
    },
    /// Positions that cannot be copied out of a state, or into it.
    #[error("keys and values cannot be copied: {reason}")]
    Rows {
        /// What was expected and found.
        reason: String,
    },
    /// The state belongs to another model.
    #[error("the state was made by another model; make one with `new_state` of this model")]
    ForeignState,
    /// A call of a batch does not fit; none was run.
    #[error("call {number} of the batch: {source}")]
    Batch {
        /// Which one, from 0.
        number: usize,
        /// What is wrong with it.
        source: Box<RuntimeError>,
    },
    /// The thread that runs calls together cannot be had or has ended.
    #[error("the thread that runs calls together: {0}")]
    Batcher(String),
    /// The core-ml back end was asked for and cannot be had.
    #[error("the core-ml back end cannot run this: {reason}. The cpu back end (--backend cpu) can")]
    NoCoreMl {
        /// What is in the way.
        reason: String,
    },
    /// An error of Core ML.
    #[error("Core ML could not {action}: {message} ({domain} {code}). {advice}")]
    CoreMl {
        /// What it was to do.
        action: &'static str,
        /// Domain of its error.
        domain: String,
        /// Code of its error.
        code: i64,
        /// Its description, with those of the errors under it.
        message: String,
        /// What to do about it.
        advice: &'static str,
    },
    /// An array that Core ML takes or gives is not what the package declares.
    #[error("Core ML's array '{name}': expected {expected}, found {found}")]
    CoreMlArray {
        /// Input, output or state.
        name: String,
        /// What the package declares.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A compiled model cannot be put beside its package; it is compiled for this run.
    #[error("the compiled model {} cannot be kept, and is compiled anew by every run: {source}", path.display())]
    CompiledModel {
        /// Where it was to be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The kernels cannot be had as asked for.
    #[error("{0}")]
    Kernels(String),
}
