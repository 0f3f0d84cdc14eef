//! The intermediate representation: an SSA graph whose dimensions are expressions over the flexible input sizes.

mod dim;
mod graph;
mod symbols;

pub use dim::{Bounds, Dim};
pub(crate) use graph::MAX_SYMBOLIC_ELEMENTS;
pub use graph::{
    Arg, BlobRef, Constant, Definition, Fact, Graph, Node, NodeId, Output, StateSlot, SymbolicValue, Value, ValueId,
};
pub use symbols::{Bindings, Condition, Guard, SymbolId, SymbolRange, Symbols};
