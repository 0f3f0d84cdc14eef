//! The states of a model of Core ML: buffers that stay where they are computed, read and written only when a conversation is
//! forked, kept or taken up again. To go back costs nothing: a call attends to the positions that its mask has, and writes
//! over those behind.
#![allow(unsafe_code)]

use std::{cell::Cell, ops::Range, ptr::NonNull, sync::Arc};

use block2::RcBlock;
use objc2::rc::{Retained, autoreleasepool};
use objc2_core_ml::{MLMultiArray, MLState};
use objc2_foundation::NSString;
use sottovoce_tensor::{DType, Tensor};

use super::{arrays, engine::Loaded, layout::Layout};
use crate::{
    error::RuntimeError,
    state::{Kept, POSITIONS},
};

/// A state as the package declares it.
pub struct Declared {
    /// Name.
    pub name: String,
    /// Type of its elements.
    pub dtype: DType,
    /// Its shape.
    pub shape: Vec<usize>,
}

/// Contents of a model's states, in the order of the package.
#[derive(Debug)]
pub struct States {
    model: Arc<Loaded>,
    state: Retained<MLState>,
}

impl States {
    /// States of zeros.
    pub fn new(model: Arc<Loaded>) -> Self {
        // SAFETY: the system has this method, since `load` looked for its version; one thread uses the model.
        let state = autoreleasepool(|_| unsafe { model.lock().newState() });
        Self { model, state }
    }

    /// Core ML's handle.
    pub fn handle(&self) -> &MLState {
        &self.state
    }

    /// Checks that every state is what the package declares, and can be read; what follows relies on it.
    ///
    /// # Errors
    /// [`RuntimeError::CoreMlArray`] for the first that is not.
    pub fn check(&self) -> Result<(), RuntimeError> {
        for (index, declared) in self.model.states.iter().enumerate() {
            let tensor = self.read(index, None)?;
            if tensor.shape() != declared.shape {
                return Err(RuntimeError::CoreMlArray {
                    name: declared.name.clone(),
                    expected: format!("{:?}", declared.shape),
                    found: format!("{:?}", tensor.shape()),
                });
            }
        }
        Ok(())
    }

    /// Type and shape of a state.
    pub fn describe(&self, index: usize) -> (DType, &[usize]) {
        let Declared { dtype, shape, .. } = &self.model.states[index];
        (*dtype, shape)
    }

    /// Some positions of a cache.
    pub fn rows(&self, index: usize, positions: Range<usize>) -> Tensor {
        self.read(index, Some(positions)).unwrap_or_else(|error| unreachable!("read before, in `check`: {error}"))
    }

    /// Writes rows of a cache from position `at` on; they fit.
    pub fn append(&mut self, index: usize, at: usize, rows: &Tensor) {
        let end = at + rows.shape()[POSITIONS];
        self.write(index, Some(at..end), rows);
    }

    /// States of their own with the same contents, as far as they outlive a call.
    pub fn fork(&self, kept: &[Kept], len: usize) -> Self {
        let mut fork = Self::new(Arc::clone(&self.model));
        for (index, kept) in kept.iter().enumerate() {
            match kept {
                Kept::Positions if len > 0 => fork.append(index, 0, &self.rows(index, 0..len)),
                Kept::Whole => {
                    let whole = self.read(index, None);
                    fork.write(index, None, &whole.unwrap_or_else(|error| unreachable!("as in `rows`: {error}")));
                }
                Kept::Positions | Kept::Nothing => {}
            }
        }
        fork
    }

    /// Bytes of all elements.
    pub fn bytes(&self) -> usize {
        let bytes = |state: &Declared| state.dtype.packed_len(state.shape.iter().product());
        self.model.states.iter().filter_map(bytes).sum()
    }

    /// A state, or some positions of a cache.
    fn read(&self, index: usize, positions: Option<Range<usize>>) -> Result<Tensor, RuntimeError> {
        let Declared { name, dtype, .. } = &self.model.states[index];
        self.with_array(index, |array| {
            let layout = arrays::layout(name, array, *dtype)?;
            let (begin, part) = part(&layout, positions).ok_or_else(|| arrays::hidden(name, &layout))?;
            let mut tensor = Tensor::zeros(*dtype, part.shape())?;
            let copied = arrays::read(array, |bytes| {
                part.gather(bytes.get(begin..begin + part.span())?, tensor.bytes_mut());
                Some(())
            });
            copied.flatten().map(|()| tensor).ok_or_else(|| arrays::hidden(name, &layout))
        })
    }

    fn write(&mut self, index: usize, positions: Option<Range<usize>>, from: &Tensor) {
        let Declared { name, dtype, .. } = &self.model.states[index];
        let written = self.with_array(index, |array| {
            let layout = arrays::layout(name, array, *dtype)?;
            let copied = arrays::write(array, |bytes, strides| {
                let (begin, part) = part(&layout.with_strides(strides)?, positions)?;
                part.scatter(from.bytes(), bytes.get_mut(begin..begin + part.span())?);
                Some(())
            });
            copied.flatten().ok_or_else(|| arrays::hidden(name, &layout))
        });
        written.unwrap_or_else(|error| unreachable!("it could be read, in `check`: {error}"));
    }

    /// Shows `access` the array of a state.
    fn with_array<R>(
        &self,
        index: usize,
        access: impl FnOnce(&MLMultiArray) -> Result<R, RuntimeError>,
    ) -> Result<R, RuntimeError> {
        let name = &self.model.states[index].name;
        let (access, result) = (Cell::new(Some(access)), Cell::new(None));
        autoreleasepool(|_| {
            let block = RcBlock::new(|array: NonNull<MLMultiArray>| {
                if let Some(access) = access.take() {
                    // SAFETY: Core ML passes an array that is valid within this block.
                    result.set(Some(access(unsafe { array.as_ref() })));
                }
            });
            // SAFETY: the name is one of the model's states; no prediction runs with this state, since one needs it
            // mutable; the block is called before the method returns.
            unsafe { self.state.getMultiArrayForStateNamed_handler(&NSString::from_str(name), &block) };
        });
        result.take().unwrap_or_else(|| {
            Err(RuntimeError::CoreMlArray {
                name: name.clone(),
                expected: "a state".to_owned(),
                found: "nothing".to_owned(),
            })
        })
    }
}

/// Some positions of a layout, or all of it, and where they begin.
fn part(layout: &Layout, positions: Option<Range<usize>>) -> Option<(usize, Layout)> {
    match positions {
        Some(positions) => layout.narrow(POSITIONS, positions),
        None => Some((0, layout.clone())),
    }
}
