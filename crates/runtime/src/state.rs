//! The memory of a conversation: what a model's states hold between calls.

use std::ops::Range;

use sottovoce_tensor::{DType, Tensor};

use crate::{
    check::Bound,
    core_ml,
    cpu::Workspace,
    error::RuntimeError,
    observer::{LinearInput, Observer},
    profile::Profile,
};

/// The axis of a cache, [layers, 1, groups, positions, size], that counts positions.
pub(crate) const POSITIONS: usize = 3;

/// Contents of a model's states. It belongs to one caller; clone it to fork a conversation.
///
/// Where the model appends to caches, the state counts the positions in it. A call must begin where the last one ended;
/// going back is [`State::rewind`]. A clone copies the positions in use and nothing else.
#[derive(Debug)]
pub struct State {
    pub(crate) model: u64,
    /// The package's states, then the caches that its plan keeps elsewhere.
    pub(crate) caches: Vec<Tensor>,
    /// The package's states where Core ML keeps them; there are no `caches` then.
    pub(crate) core_ml: Option<core_ml::States>,
    /// What of each cache outlives a call.
    pub(crate) kept: Vec<Kept>,
    pub(crate) len: usize,
    /// Memory of a call, which serves call after call.
    pub(crate) workspace: Workspace,
    pub(crate) bound: Bound,
}

/// What of a cache outlives a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The positions in use: the model appends to it.
    Positions,
    /// All of it: a state that the model writes as it likes.
    Whole,
    /// Nothing: memory of the call.
    Nothing,
}

impl State {
    /// What stands in for a state that is elsewhere; no model takes it.
    pub(crate) fn vacant() -> Self {
        Self {
            model: 0,
            caches: Vec::new(),
            core_ml: None,
            kept: Vec::new(),
            len: 0,
            workspace: Workspace::default(),
            bound: Bound::default(),
        }
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

    /// True when everything in the state is positions that were appended, so that [`State::rows`] can copy them out.
    pub fn has_rows(&self) -> bool {
        !self.kept.contains(&Kept::Whole)
    }

    /// A copy of some positions of every cache that the model appends to, in the order of the package's states:
    /// [layers, 1, groups, positions, size] each.
    ///
    /// # Errors
    /// [`RuntimeError::Rows`] when there are fewer positions, or the state holds more than positions.
    pub fn rows(&self, positions: Range<usize>) -> Result<Vec<Tensor>, RuntimeError> {
        self.require_rows()?;
        if positions.start > positions.end || positions.end > self.len {
            return Err(RuntimeError::Rows { reason: format!("{positions:?} were asked for, {} are held", self.len) });
        }
        let copy = |index: usize| match &self.core_ml {
            Some(states) => Ok(states.rows(index, positions.clone())),
            None => Ok(self.caches[index].narrow(POSITIONS, positions.clone())?),
        };
        self.appended().map(copy).collect()
    }

    /// Appends positions that [`State::rows`] of the same model gave: what then follows is computed as if the model had
    /// appended them.
    ///
    /// # Errors
    /// [`RuntimeError::Rows`] when they are those of another model, or do not fit behind what is held. The state is
    /// unchanged then.
    pub fn append(&mut self, rows: &[Tensor]) -> Result<(), RuntimeError> {
        self.require_rows()?;
        let caches: Vec<(DType, &[usize])> = self.appended().map(|index| self.describe(index)).collect();
        let added = rows.first().and_then(|cache| cache.shape().get(POSITIONS)).copied().unwrap_or(0);
        let fits = |(dtype, shape): (DType, &[usize]), rows: &Tensor| {
            let mut shape = shape.to_vec();
            let room = std::mem::replace(&mut shape[POSITIONS], added).saturating_sub(self.len);
            rows.dtype() == dtype && rows.shape() == shape && added <= room
        };
        if caches.len() != rows.len() || !caches.iter().zip(rows).all(|(&cache, rows)| fits(cache, rows)) {
            let describe = |(dtype, shape): (DType, &[usize])| format!("{dtype} {shape:?}");
            let found: Vec<String> = rows.iter().map(|rows| describe((rows.dtype(), rows.shape()))).collect();
            let caches: Vec<String> = caches.into_iter().map(describe).collect();
            let (found, caches) = (found.join(", "), caches.join(", "));
            let reason = format!("{found} were given for caches of {caches} that hold {} positions", self.len);
            return Err(RuntimeError::Rows { reason });
        }
        self.workspace.call.forget_rounded(self.len);
        let indices: Vec<usize> = self.appended().collect();
        for (index, rows) in indices.into_iter().zip(rows) {
            match &mut self.core_ml {
                Some(states) => states.append(index, self.len, rows),
                None => self.caches[index].copy_range(POSITIONS, self.len, rows, 0..added)?,
            }
        }
        self.len += added;
        Ok(())
    }

    /// The caches that the model appends to.
    fn appended(&self) -> impl Iterator<Item = usize> {
        self.kept.iter().enumerate().filter(|(_, kept)| **kept == Kept::Positions).map(|(index, _)| index)
    }

    fn describe(&self, index: usize) -> (DType, &[usize]) {
        match &self.core_ml {
            Some(states) => states.describe(index),
            None => (self.caches[index].dtype(), self.caches[index].shape()),
        }
    }

    fn require_rows(&self) -> Result<(), RuntimeError> {
        if self.has_rows() {
            return Ok(());
        }
        Err(RuntimeError::Rows { reason: "the package's states are not caches that it appends to".to_owned() })
    }

    /// From now on calls note what their steps cost, until [`State::take_profile`].
    pub fn start_profile(&mut self) {
        self.workspace.arena.profile = Some(Profile::default());
    }

    /// What steps cost since [`State::start_profile`]; `None` without it.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.workspace.arena.profile.take()
    }

    /// From now on, until [`State::stop_observing`], `observer` sees the input of every linear step of every call, in the
    /// order of the steps: rows that were left out, as the options of a call may ask, are not shown. Only the cpu back end
    /// has steps. Nothing is computed or copied for it otherwise.
    pub fn observe(&mut self, observer: impl FnMut(&LinearInput<'_>) + Send + 'static) {
        self.workspace.arena.observer = Some(Observer::new(observer));
    }

    /// Drops the observer.
    pub fn stop_observing(&mut self) {
        self.workspace.arena.observer = None;
    }

    /// Bytes that keys and values take here: in the states of the package, or in memory of its calls.
    pub fn bytes(&self) -> usize {
        let tensors: usize = self.caches.iter().map(|tensor| tensor.bytes().len()).sum();
        tensors + self.core_ml.as_ref().map_or(0, core_ml::States::bytes)
    }
}

impl Clone for State {
    fn clone(&self) -> Self {
        let copy = |(cache, kept): (&Tensor, &Kept)| match kept {
            Kept::Positions => copy_of_first(cache, self.len),
            Kept::Whole => cache.clone(),
            Kept::Nothing => no_positions(),
        };
        Self {
            model: self.model,
            caches: self.caches.iter().zip(&self.kept).map(copy).collect(),
            core_ml: self.core_ml.as_ref().map(|states| states.fork(&self.kept, self.len)),
            kept: self.kept.clone(),
            len: self.len,
            workspace: self.workspace.fresh(),
            bound: self.bound.clone(),
        }
    }
}

/// A cache in memory of a call before its first.
pub(crate) fn no_positions() -> Tensor {
    Tensor::zeros(DType::F16, [1, 1, 1, 0, 1]).unwrap_or_else(|e| unreachable!("{e}"))
}

/// A cache of the same shape that holds the first positions; its other pages are not touched and take no memory.
fn copy_of_first(cache: &Tensor, positions: usize) -> Tensor {
    let copy = Tensor::zeros(cache.dtype(), cache.shape()).and_then(|mut copy| {
        copy.copy_range(POSITIONS, 0, cache, 0..positions)?;
        Ok(copy)
    });
    copy.unwrap_or_else(|e| unreachable!("a cache of the same type and shape: {e}"))
}
