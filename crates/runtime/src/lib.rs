//! Loads Core ML packages and predicts.
//!
//! ```no_run
//! use half::f16;
//! use sottovoce_runtime::{Inputs, LoadOptions, Model};
//! use sottovoce_tensor::Tensor;
//!
//! let model = Model::load("Llama-Stateful-4bit-512.mlpackage", &LoadOptions::default())?;
//! let mut state = model.new_state();
//! let ids = Tensor::from_slice([1, 2], &[1i32, 15043])?;
//! // Row 0 sees position 0, row 1 sees positions 0 and 1.
//! let mask = [f16::ZERO, f16::NEG_INFINITY, f16::ZERO, f16::ZERO];
//! let mask = Tensor::from_slice([1, 1, 2, 2], &mask)?;
//! let outputs = model.predict(&Inputs::from([("inputIds", ids), ("causalMask", mask)]), &mut state)?;
//! assert_eq!(outputs["logits"].shape()[1], 2);
//! assert_eq!(state.len(), 2);
//! # Ok::<(), sottovoce_runtime::RuntimeError>(())
//! ```
//!
//! A [`Model`] is immutable and shared between threads; a [`State`] belongs to one caller.

mod batch;
mod batcher;
mod check;
mod core_ml;
mod cpu;
mod error;
mod inputs;
mod mask;
mod model;
mod observer;
mod options;
pub mod packed_cache;
mod plan_report;
mod profile;
mod reference;
mod slices;
mod state;

pub use batch::{BatchCall, BatchMemory};
pub use batcher::{Batcher, Seat};
pub use cpu::NoPlan;
pub use error::RuntimeError;
pub use inputs::{Inputs, Outputs};
pub use model::{Model, Placement};
pub use observer::{LinearGradient, LinearInput, Loss, StandIns};
pub use options::{BackendKind, ComputeUnits, LoadOptions, LoadStage, OutputRows, Precision, PredictOptions};
pub use plan_report::PlanReport;
pub use profile::{Profile, StepCost, Work};
pub use state::State;
