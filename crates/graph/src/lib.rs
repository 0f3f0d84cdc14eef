//! The graph compiler: ML Programs lowered to an SSA graph with symbolic shapes, passes over it, and the reference
//! interpreter that defines what every operation means.
//!
//! ```no_run
//! use std::{path::Path, sync::Arc};
//!
//! use sottovoce_graph::{InterpretOptions, Interpreter, lower, passes, text};
//! use sottovoce_mil::Package;
//!
//! let package = Package::open(Path::new("Llama-Stateful-4bit-512.mlpackage"))?;
//! let interface = package.interface("main").ok_or("it has no function main")?;
//! let graph = passes::optimise(lower(&package.program, interface, "main")?);
//! println!("{}", text::print(&graph));
//! let interpreter = Interpreter::new(graph, Arc::new(package), InterpretOptions::default());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
