//! Systems without Core ML: an engine that nobody can have.

use std::ops::Range;

use sottovoce_graph::ir::Graph;
use sottovoce_mil::Package;
use sottovoce_tensor::{DType, Tensor};

use crate::{
    Inputs, LoadOptions, Outputs, check::Bound, cpu::Plan, error::RuntimeError, options::Observe, state::Kept,
};

/// What runs a model; there is none.
pub struct Engine(Nothing);

/// Contents of its states; there are none.
#[derive(Debug)]
pub struct States(Nothing);

/// A value of this type does not exist.
#[derive(Debug)]
enum Nothing {}

/// Refuses.
///
/// # Errors
/// [`RuntimeError::NoCoreMl`].
pub fn load(
    _graph: &Graph,
    _package: &Package,
    _function: &str,
    _options: &LoadOptions,
    _notes: &mut Vec<String>,
    _observe: Observe<'_>,
) -> Result<Option<Engine>, RuntimeError> {
    Err(RuntimeError::NoCoreMl { reason: format!("it needs macOS 15 or iOS 18, and this is {}", std::env::consts::OS) })
}

impl Engine {
    pub fn new_states(&self) -> States {
        match self.0 {}
    }

    pub fn run(
        &self,
        _graph: &Graph,
        _plan: Option<&Plan>,
        _inputs: &Inputs,
        _bound: &Bound,
        _states: &mut States,
        _outputs: &mut Outputs,
    ) -> Result<(), RuntimeError> {
        match self.0 {}
    }
}

impl States {
    pub fn describe(&self, _index: usize) -> (DType, &[usize]) {
        match self.0 {}
    }

    pub fn rows(&self, _index: usize, _positions: Range<usize>) -> Tensor {
        match self.0 {}
    }

    pub fn append(&mut self, _index: usize, _at: usize, _rows: &Tensor) {
        match self.0 {}
    }

    pub fn fork(&self, _kept: &[Kept], _len: usize) -> Self {
        match self.0 {}
    }

    pub fn bytes(&self) -> usize {
        match self.0 {}
    }
}
