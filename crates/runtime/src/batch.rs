//! Calls of several callers that run together.

use crate::{Inputs, LinearInput, Outputs, PredictOptions, StandIns, State, cpu::Arena, observer::Observer};

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

impl BatchMemory {
    /// Memory of batches of which `observer` sees the input of every linear step, as [`State::observe`] says, and which use
    /// `stand_ins` instead of the model's matrices. Those that the observer adds count from the step that it is shown on. All
    /// rows come to the last linear step, which takes those whose outputs are wanted.
    pub fn observed(observer: impl FnMut(&LinearInput<'_>) + Send + 'static, stand_ins: StandIns) -> Self {
        let arena = Arena { observer: Some(Observer::new(observer)), stand_ins: Some(stand_ins), ..Arena::default() };
        Self { arena }
    }
}
