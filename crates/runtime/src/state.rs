//! The memory of a conversation: what a model's states hold between calls.

use sottovoce_tensor::Tensor;

use crate::{check::Bound, cpu::Workspace, error::RuntimeError, profile::Profile};

/// Contents of a model's states. It belongs to one caller; clone it to fork a conversation.
///
/// Where the model appends to caches, the state counts the positions in it. A call must begin where the last one ended;
/// going back is [`State::rewind`].
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) model: u64,
    /// The package's states, then the caches that its plan keeps elsewhere.
    pub(crate) caches: Vec<Tensor>,
    pub(crate) len: usize,
    /// Memory of a call, which serves call after call.
    pub(crate) workspace: Workspace,
    pub(crate) bound: Bound,
}

impl State {
    /// What stands in for a state that is elsewhere; no model takes it.
    pub(crate) fn vacant() -> Self {
        Self { model: 0, caches: Vec::new(), len: 0, workspace: Workspace::default(), bound: Bound::default() }
    }

    /// Positions held, 0 for models without appended caches.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True when no positions are held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all positions from `len` on.
    ///
    /// # Errors
    /// [`RuntimeError::Rewind`] when there are fewer.
    pub fn rewind(&mut self, len: usize) -> Result<(), RuntimeError> {
        if len > self.len {
            return Err(RuntimeError::Rewind { to: len, len: self.len });
        }
        self.len = len;
        Ok(())
    }

    /// From now on calls note what their steps cost, until [`State::take_profile`].
    pub fn start_profile(&mut self) {
        self.workspace.arena.profile = Some(Profile::default());
    }

    /// What steps cost since [`State::start_profile`]; `None` without it.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.workspace.arena.profile.take()
    }

    /// Bytes that keys and values take here: in the states of the package, or in memory of its calls.
    pub fn bytes(&self) -> usize {
        self.caches.iter().map(|tensor| tensor.bytes().len()).sum()
    }
}
