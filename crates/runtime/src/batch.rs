//! Calls of several callers that run together.

use crate::{Inputs, Outputs, PredictOptions, State, cpu::Arena};

/// One of the calls of [`crate::Model::predict_batch`].
pub struct BatchCall<'a> {
    /// Inputs by name.
    pub inputs: &'a Inputs,
    /// The caller's state.
    pub state: &'a mut State,
    /// How to run it.
    pub options: PredictOptions,
    /// Where the results go: the outputs of an earlier call, or none yet.
    pub outputs: &'a mut Outputs,
}

/// Memory of the calls of a batch, which serves batch after batch.
#[derive(Debug, Default)]
pub struct BatchMemory {
    pub(crate) arena: Arena,
}
