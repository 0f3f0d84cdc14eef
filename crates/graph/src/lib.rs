//! The graph compiler: ML Programs lowered to an SSA graph with symbolic shapes, passes over it, and the reference
//! interpreter that defines what every operation means.

pub mod error;
mod infer;
pub mod interpret;
pub mod ir;
mod lower;
pub mod op;
pub mod ops;
pub mod passes;
pub mod pattern;
pub mod text;

pub use error::{GraphError, OpError};
pub use infer::infer;
pub use interpret::{InterpretOptions, Interpreter, NoWeights, Weights};
pub use ir::Graph;
pub use lower::lower;
