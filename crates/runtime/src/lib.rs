//! Loads Core ML packages and predicts.
//!
//! ```no_run
//! use sottovoce_runtime::{Inputs, LoadOptions, Model};
//! # fn tokens() -> (sottovoce_tensor::Tensor, sottovoce_tensor::Tensor) { unimplemented!() }
//! let model = Model::load("Llama-Stateful-4bit-512.mlpackage", &LoadOptions::default())?;
//! let mut state = model.new_state();
//! let (ids, mask) = tokens(); // i32 [1, q] and fp16 [1, 1, q, kv]
//! let outputs = model.predict(&Inputs::from([("inputIds", ids), ("causalMask", mask)]), &mut state)?;
//! let logits = &outputs["logits"]; // fp16 [1, q, vocabulary]
//! # Ok::<(), sottovoce_runtime::RuntimeError>(())
//! ```
//!
//! A [`Model`] is immutable and shared between threads; a [`State`] belongs to one caller.

mod check;
mod cpu;
mod error;
mod inputs;
mod model;
mod options;
mod plan_report;
mod reference;
mod state;

pub use cpu::NoPlan;
pub use error::RuntimeError;
pub use inputs::{Inputs, Outputs};
pub use model::{Model, Placement};
pub use options::{BackendKind, ComputeUnits, LoadOptions, OutputRows, Precision, PredictOptions};
pub use plan_report::PlanReport;
pub use state::State;
