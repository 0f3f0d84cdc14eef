//! A loaded package as a language model.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;
use sottovoce_runtime::{
    BatchCall, BatchMemory, Batcher, Inputs, LinearGradient, LinearInput, Loss, Model, OutputRows, Outputs,
    PredictOptions, Profile, Seat,
};
use sottovoce_tensor::{DType, Tensor, TensorError};

use super::inputs::Call;
use super::interface::{Cache, CacheInput, LanguageInterface, Role};
use crate::{Identity, LanguageModel, LlmError};

/// Rows of a prompt that one call computes while others wait: some tens of milliseconds of a small model.
pub const BATCHED_PREFILL_CHUNK: usize = 128;

/// One sequence on a package; the package is shared between sequences.
pub struct PackageModel {
    model: Arc<Model>,
    /// Runs calls together with those of others, if there is one.
    batcher: Option<Arc<Batcher>>,
    interface: LanguageInterface,
    /// Every token in the sequence.
    ids: Vec<i32>,
    /// The state; ids, masks, positions and, where the caller keeps them, the caches, filled anew for every call in the same
    /// memory; and what the last call gave, whose memory the next one uses.
    seat: Seat,
    /// One row of logits in f32.
    logits: Vec<f32>,
}

impl PackageModel {
    /// An empty sequence on `model`.
    ///
    /// # Errors
    /// The package is not a language model.
    pub fn new(model: Arc<Model>) -> Result<Self, LlmError> {
        let interface = LanguageInterface::of(model.package(), model.function())?;
        let state = model.new_state();
        let zeros = |dtype, shape: &[usize]| Tensor::zeros(dtype, shape).map_err(LlmError::model);
        let mut inputs = Inputs::new();
        for input in &interface.inputs {
            // The longest row of a mask, so that no token has to make room for its own.
            let room = match input.role {
                Role::CausalMask { .. } | Role::TokenMask { .. } => interface.context + interface.placeholders(),
                Role::Ids | Role::Positions { .. } | Role::FirstPosition { .. } => 1,
            };
            inputs.insert(&input.name, zeros(input.dtype, &[room * interface.rows.start()])?);
        }
        for cache in interface.caches() {
            inputs.insert(&cache.input, zeros(cache.dtype, &cache.shape)?);
        }
        let ids = Vec::with_capacity(interface.context);
        let seat = Seat { inputs, state, outputs: Outputs::new() };
        Ok(Self { model, batcher: None, interface, ids, seat, logits: Vec::new() })
    }

    /// An empty sequence whose calls run together with those of the batcher's other callers. Prompts come in calls of at most
    /// [`BATCHED_PREFILL_CHUNK`] rows, so that the others need not wait long.
    ///
    /// # Errors
    /// As [`PackageModel::new`].
    pub fn batched(batcher: Arc<Batcher>) -> Result<Self, LlmError> {
        let mut sequence = Self::new(Arc::clone(batcher.model()))?;
        let (least, most) = sequence.interface.rows.into_inner();
        sequence.interface.rows = least..=most.min(BATCHED_PREFILL_CHUNK).max(least);
        Ok(Self { batcher: Some(batcher), ..sequence })
    }

    /// The package underneath.
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Its interface.
    pub fn interface(&self) -> &LanguageInterface {
        &self.interface
    }

    /// From now on calls note what their steps cost, until [`PackageModel::take_profile`].
    pub fn start_profile(&mut self) {
        self.seat.state.start_profile();
    }

    /// What steps cost since [`PackageModel::start_profile`]; `None` without it.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.seat.state.take_profile()
    }

    /// From now on, until [`PackageModel::stop_observing`], `observer` sees the inputs of linear steps, as
    /// [`sottovoce_runtime::State::observe`] says.
    pub fn observe(&mut self, observer: impl FnMut(&LinearInput<'_>) + Send + 'static) {
        self.seat.state.observe(observer);
    }

    /// Drops the observer.
    pub fn stop_observing(&mut self) {
        self.seat.state.stop_observing();
    }

    /// Computes `ids` as a sequence of their own, in one call, and takes that backwards, as [`Model::backward`] says. The sequence
    /// is empty afterwards.
    ///
    /// # Errors
    /// As [`PackageModel::forward_together`], and those of [`Model::backward`].
    pub fn backward(
        &mut self,
        ids: &[u32],
        loss: Loss<'_>,
        visit: &mut dyn FnMut(&LinearGradient<'_>),
    ) -> Result<(), LlmError> {
        self.rewind(0);
        self.prepare(ids)?;
        let result = self.model.backward(&self.seat.inputs, loss, visit).map_err(LlmError::model);
        self.ids.clear();
        result
    }

    /// Appends tokens to each of several sequences of one package, all in one call: each step of the model is done for all of
    /// them before the next. [`PackageModel::logits`] are then those of their last rows.
    ///
    /// # Errors
    /// As [`LanguageModel::forward`], for a package that keeps its caches elsewhere than in states, and for more or fewer
    /// tokens than one call takes. The sequences are as they were then.
    pub fn forward_together(sequences: &mut [Self], new: &[&[u32]], memory: &mut BatchMemory) -> Result<(), LlmError> {
        let Some(model) = sequences.first().map(|sequence| Arc::clone(&sequence.model)) else { return Ok(()) };
        let before: Vec<usize> = sequences.iter().map(|sequence| sequence.ids.len()).collect();
        let result = sequences
            .iter_mut()
            .zip(new)
            .try_for_each(|(sequence, new)| sequence.prepare(new))
            .and_then(|()| {
                let mut calls: Vec<BatchCall<'_>> = sequences.iter_mut().map(|sequence| sequence.call()).collect();
                model.predict_batch(&mut calls, memory).map_err(LlmError::model)
            })
            .and_then(|()| sequences.iter_mut().try_for_each(|sequence| sequence.read_row(0)));
        if result.is_err() {
            sequences.iter_mut().zip(before).for_each(|(sequence, len)| sequence.rewind(len));
        }
        result
    }

    /// Fills the inputs of one call that appends `new`.
    fn prepare(&mut self, new: &[u32]) -> Result<(), LlmError> {
        self.check(new)?;
        if !self.keeps_states() || !self.interface.rows.contains(&new.len()) {
            return Err(self.wrong(format!("calls together need states, and {} tokens in one call", new.len())));
        }
        let past = self.ids.len();
        // Below the vocabulary, which fits.
        self.ids.extend(new.iter().map(|&id| id as i32));
        self.fill_inputs(past, new.len()).map_err(LlmError::model)
    }

    /// The call whose inputs were prepared.
    fn call(&mut self) -> BatchCall<'_> {
        let Seat { inputs, state, outputs } = &mut self.seat;
        let options = PredictOptions { rows: OutputRows::Last, allow_overwrite: false };
        BatchCall { inputs, state, options, outputs }
    }

    /// The logits that the last call left: those of its last row.
    pub fn logits(&self) -> &[f32] {
        &self.logits
    }

    /// Checks that `new` can follow what is held.
    fn check(&self, new: &[u32]) -> Result<(), LlmError> {
        let (vocab, context, past) = (self.interface.vocab_size, self.interface.context, self.ids.len());
        if new.is_empty() {
            return Err(LlmError::EmptyPrompt);
        }
        if past + new.len() > context {
            return Err(LlmError::PromptTooLong { tokens: past + new.len(), context });
        }
        match new.iter().find(|&&id| id as usize >= vocab) {
            Some(&id) => Err(LlmError::IdOutOfRange { id, vocab }),
            None => Ok(()),
        }
    }

    /// Appends `new` in as few calls as the package takes. Shows the logits of every row to `visit`, or leaves those of the
    /// last row in `self.logits`.
    fn append(&mut self, new: &[u32], rows: OutputRows, visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        self.check(new)?;
        let past = self.ids.len();
        for chunk in new.chunks(*self.interface.rows.end()) {
            let before = self.ids.len();
            // Below the vocabulary, which fits.
            self.ids.extend(chunk.iter().map(|&id| id as i32));
            let given = self.predict(before, rows).inspect_err(|_| self.rewind(past))?;
            match rows {
                OutputRows::Last => self.read_row(given.end - 1)?,
                OutputRows::All => {
                    for row in given {
                        self.read_row(row)?;
                        visit(&self.logits);
                    }
                }
            }
        }
        Ok(())
    }

    /// Computes `ids[past..]`, which the state does not hold yet, in one call. Gives the rows of its outputs that belong to
    /// them: all, or only the last where no more is asked for.
    fn predict(&mut self, past: usize, rows: OutputRows) -> Result<Range<usize>, LlmError> {
        let end = self.ids.len();
        let least = *self.interface.rows.start();
        // Where padding would reach beyond the context, the call begins earlier and computes some rows again.
        let first = match self.interface.cache {
            Cache::Nowhere => 0,
            Cache::State(_) | Cache::Inputs(_) => past.min(self.interface.context - least),
        };
        let padded = first + least.max(end - first);
        self.fill_inputs(first, padded - first).map_err(LlmError::model)?;
        let rows = if padded > end { OutputRows::All } else { rows };
        let options = PredictOptions { rows, allow_overwrite: first < past };
        let result = match &self.batcher {
            Some(batcher) => batcher.predict(&mut self.seat, &options),
            None => {
                let Seat { inputs, state, outputs } = &mut self.seat;
                self.model.predict_into(inputs, state, &options, outputs)
            }
        };
        result.map_err(LlmError::model)?;
        // Padding is forgotten.
        self.rewind(end);
        for cache in self.interface.caches() {
            let (Some(held), Some(new)) =
                (self.seat.inputs.get_mut(&cache.input), self.seat.outputs.get_mut(&cache.output))
            else {
                return Err(self.wrong(format!("a call gave no {}", cache.output)));
            };
            take_cache(held, new, cache.dtype)?;
        }
        let last = self.rows_given()?.saturating_sub(padded - end).max(1);
        // Rows of earlier positions that came again are in front.
        Ok(last.saturating_sub(end - past)..last)
    }

    /// The number of rows that the last call gave logits for.
    fn rows_given(&self) -> Result<usize, LlmError> {
        let mut given = None;
        for (name, width) in &self.interface.logits {
            match self.seat.outputs.get(name).map(Tensor::shape) {
                Some(&[1, rows, found]) if rows > 0 && found == *width && given.is_none_or(|given| given == rows) => {
                    given = Some(rows);
                }
                other => return Err(self.wrong(format!("{name} came as {other:?}, expected [1, q, {width}]"))),
            }
        }
        given.ok_or_else(|| self.wrong("a call gave no logits".to_owned()))
    }

    fn fill_inputs(&mut self, first: usize, rows: usize) -> Result<(), TensorError> {
        let placeholders = self.interface.placeholders();
        let call = Call { ids: &self.ids[first..], rows, first, placeholders };
        for input in &self.interface.inputs {
            if let Some(tensor) = self.seat.inputs.get_mut(&input.name) {
                call.fill(tensor, input.role, input.dtype)?;
            }
        }
        for cache in self.interface.caches() {
            // After a rewind it holds more.
            let (axis, kept) = (cache.positions_axis(), placeholders + first);
            if let Some(held) = self.seat.inputs.get_mut(&cache.input)
                && held.shape()[axis] > kept
            {
                *held = held.narrow(axis, 0..kept)?;
            }
        }
        Ok(())
    }

    /// The caches that the caller keeps, with `rows` behind the positions in use.
    fn grown_caches(&self, rows: &[Tensor]) -> Result<Vec<Tensor>, LlmError> {
        let caches = self.interface.caches();
        if caches.len() != rows.len() {
            return Err(self.wrong(format!(
                "it has {} caches, keys and values of {} were given",
                caches.len(),
                rows.len()
            )));
        }
        let kept = self.interface.placeholders() + self.ids.len();
        let grow = |(cache, rows): (&CacheInput, &Tensor)| {
            let axis = cache.positions_axis();
            let added = rows.shape().get(axis).copied().unwrap_or(0);
            let mut shape = cache.shape.clone();
            shape[axis] = kept + added;
            let mut grown = Tensor::zeros(cache.dtype, shape).map_err(LlmError::model)?;
            if let Some(held) = self.seat.inputs.get(&cache.input) {
                grown.copy_range(axis, 0, held, 0..kept).map_err(LlmError::model)?;
            }
            grown.copy_range(axis, kept, rows, 0..added).map_err(LlmError::model)?;
            Ok(grown)
        };
        caches.iter().zip(rows).map(grow).collect()
    }

    /// Copies a row of the logits of the last call to `self.logits`.
    fn read_row(&mut self, row: usize) -> Result<(), LlmError> {
        self.logits.clear();
        for (name, width) in &self.interface.logits {
            let Some(logits) = self.seat.outputs.get(name) else { continue };
            let range = row * width..(row + 1) * width;
            match logits.dtype() {
                DType::F16 => {
                    let begin = self.logits.len();
                    self.logits.resize(begin + width, 0.0);
                    let row = &logits.as_slice::<f16>().map_err(LlmError::model)?[range];
                    row.convert_to_f32_slice(&mut self.logits[begin..]);
                }
                _ => self.logits.extend_from_slice(&logits.as_slice::<f32>().map_err(LlmError::model)?[range]),
            }
        }
        Ok(())
    }

    fn keeps_states(&self) -> bool {
        matches!(self.interface.cache, Cache::State(_))
    }

    fn wrong(&self, reason: String) -> LlmError {
        LlmError::Interface { path: self.model.package().path().to_owned(), reason }
    }
}

impl LanguageModel for PackageModel {
    fn vocab_size(&self) -> usize {
        self.interface.vocab_size
    }

    fn context(&self) -> usize {
        self.interface.context
    }

    fn len(&self) -> usize {
        self.ids.len()
    }

    fn max_rows(&self) -> usize {
        self.interface.max_rows()
    }

    fn independent_rows(&self) -> usize {
        match self.interface.cache {
            // A call computes all earlier rows too.
            Cache::Nowhere => 1,
            Cache::State(_) | Cache::Inputs(_) => self.model.independent_rows().min(self.max_rows()),
        }
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        self.append(ids, OutputRows::Last, &mut |_| {})?;
        Ok(&self.logits)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        self.append(ids, OutputRows::All, visit)
    }

    fn rewind(&mut self, len: usize) {
        self.ids.truncate(len);
        // Caches that the caller keeps are cut when they are next used, and states whose length the runtime does not
        // know are overwritten.
        let rewound = self.seat.state.rewind(len.min(self.seat.state.len()));
        debug_assert!(rewound.is_ok(), "shortening a state cannot fail");
    }

    fn identity(&self) -> Option<Identity> {
        self.model.fingerprint().filter(|_| !self.keeps_states() || self.seat.state.has_rows())
    }

    fn rows(&self, tokens: Range<usize>) -> Result<Vec<Tensor>, LlmError> {
        if tokens.end > self.ids.len() {
            return Err(
                self.wrong(format!("keys and values of tokens {tokens:?} of {} were asked for", self.ids.len()))
            );
        }
        if self.keeps_states() {
            return self.seat.state.rows(tokens).map_err(LlmError::model);
        }
        let held = self.interface.caches().iter().filter_map(|cache| self.seat.inputs.get(&cache.input));
        let placeholders = self.interface.placeholders();
        let positions = placeholders + tokens.start..placeholders + tokens.end;
        held.map(|held| held.narrow(held.rank() - 2, positions.clone()).map_err(LlmError::model)).collect()
    }

    fn append_rows(&mut self, ids: &[u32], rows: &[Tensor]) -> Result<(), LlmError> {
        self.check(ids)?;
        let positions = |rows: &Tensor| rows.shape().iter().nth_back(1).copied();
        if let Some(found) = rows.iter().find(|rows| positions(rows) != Some(ids.len())) {
            let reason = format!("keys and values of {:?} were given for {} tokens", found.shape(), ids.len());
            return Err(self.wrong(reason));
        }
        if self.keeps_states() {
            self.seat.state.append(rows).map_err(LlmError::model)?;
        } else {
            let grown = self.grown_caches(rows)?;
            for (cache, grown) in self.interface.caches().iter().zip(grown) {
                self.seat.inputs.insert(&cache.input, grown);
            }
        }
        self.ids.extend(ids.iter().map(|&id| id as i32));
        Ok(())
    }
}

/// Forks the sequence: the keys and values of its tokens are copied, memory of calls is not.
impl Clone for PackageModel {
    fn clone(&self) -> Self {
        let mut ids = Vec::with_capacity(self.interface.context);
        ids.extend_from_slice(&self.ids);
        Self {
            model: Arc::clone(&self.model),
            batcher: self.batcher.clone(),
            interface: self.interface.clone(),
            ids,
            seat: Seat { inputs: self.seat.inputs.clone(), state: self.seat.state.clone(), outputs: Outputs::new() },
            logits: Vec::new(),
        }
    }
}

/// Exchanges a cache for the one that a call gave, in the type that the input takes: exact modes may give f32.
fn take_cache(held: &mut Tensor, new: &mut Tensor, dtype: DType) -> Result<(), LlmError> {
    if new.dtype() == dtype {
        std::mem::swap(held, new);
    } else {
        *held = Tensor::from_f32(dtype, new.shape(), &new.to_f32_vec()).map_err(LlmError::model)?;
    }
    Ok(())
}
