//! A loaded package as a language model.

use std::ops::Range;
use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;
use sottovoce_runtime::{Inputs, Model, OutputRows, Outputs, PredictOptions, Profile, State};
use sottovoce_tensor::{DType, Tensor, TensorError};

use super::inputs::{set_causal_mask, set_ids};
use super::interface::{Cache, CacheInput, IDS, LOGITS, LanguageInterface, MaskInput, POSITIONS};
use crate::{Identity, LanguageModel, LlmError};

/// Positions in front of a cache that the caller keeps: it cannot be empty, so one is always there and never seen.
const PLACEHOLDERS: usize = 1;

/// One sequence on a package; the package is shared between sequences.
pub struct PackageModel {
    model: Arc<Model>,
    interface: LanguageInterface,
    state: State,
    /// Every token in the sequence.
    ids: Vec<i32>,
    /// Ids, masks and, where the caller keeps them, the caches: filled anew for every call, in the same memory.
    inputs: Inputs,
    /// What the last call gave, whose memory the next one uses.
    outputs: Outputs,
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
        // The longest row of a mask, so that no token has to make room for its own.
        let longest = [1, 1, 1, interface.context + PLACEHOLDERS];
        let mut inputs = Inputs::from([(IDS, zeros(DType::I32, &[1, 1])?)]);
        for mask in &interface.masks {
            inputs.insert(&mask.input, zeros(DType::F16, &longest)?);
        }
        for cache in interface.caches() {
            inputs.insert(&cache.input, zeros(cache.dtype, &cache.shape)?);
        }
        let ids = Vec::with_capacity(interface.context);
        Ok(Self { model, interface, state, ids, inputs, outputs: Outputs::new(), logits: Vec::new() })
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
        self.state.start_profile();
    }

    /// What steps cost since [`PackageModel::start_profile`]; `None` without it.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.state.take_profile()
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

    /// Appends `new` and computes logits, as the package gives them: of the rows asked for, of all new rows, or of the
    /// whole sequence. Returns the number of rows.
    fn append(&mut self, new: &[u32], rows: OutputRows) -> Result<usize, LlmError> {
        self.check(new)?;
        let past = self.ids.len();
        // Below the vocabulary, which fits.
        self.ids.extend(new.iter().map(|&id| id as i32));
        let result = self.predict(past, rows);
        if result.is_err() {
            self.ids.truncate(past);
        }
        result
    }

    /// Computes `ids[past..]`, which the state does not hold yet.
    fn predict(&mut self, past: usize, rows: OutputRows) -> Result<usize, LlmError> {
        self.fill_inputs(past).map_err(LlmError::model)?;
        let options = PredictOptions { rows, ..PredictOptions::default() };
        self.model.predict_into(&self.inputs, &mut self.state, &options, &mut self.outputs).map_err(LlmError::model)?;
        for cache in self.interface.caches() {
            let (Some(held), Some(new)) = (self.inputs.get_mut(&cache.input), self.outputs.get_mut(&cache.output))
            else {
                return Err(self.wrong(format!("a call gave no {}", cache.output)));
            };
            take_cache(held, new, cache.dtype)?;
        }
        let vocab = self.interface.vocab_size;
        match self.outputs.get(LOGITS).map(Tensor::shape) {
            Some(&[1, rows, width]) if rows > 0 && width == vocab => Ok(rows),
            other => Err(self.wrong(format!("{LOGITS} came as {other:?}, expected [1, q, {vocab}]"))),
        }
    }

    fn fill_inputs(&mut self, past: usize) -> Result<(), TensorError> {
        let (first, before, hidden) = match &self.interface.cache {
            Cache::State => (past, past, 0),
            Cache::Inputs(_) => (past, PLACEHOLDERS + past, PLACEHOLDERS),
            Cache::Nowhere => (0, 0, 0),
        };
        let new = &self.ids[first..];
        if let Some(ids) = self.inputs.get_mut(IDS) {
            set_ids(ids, new)?;
        }
        for MaskInput { input, window } in &self.interface.masks {
            if let Some(mask) = self.inputs.get_mut(input) {
                set_causal_mask(mask, new.len(), before, hidden, *window)?;
            }
        }
        for cache in self.interface.caches() {
            // After a rewind it holds more.
            if let Some(held) = self.inputs.get_mut(&cache.input)
                && held.shape()[POSITIONS] > PLACEHOLDERS + past
            {
                *held = held.narrow(POSITIONS, 0..PLACEHOLDERS + past)?;
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
        let kept = PLACEHOLDERS + self.ids.len();
        let grow = |(cache, rows): (&CacheInput, &Tensor)| {
            let added = rows.shape().get(POSITIONS).copied().unwrap_or(0);
            let mut shape = cache.shape;
            shape[POSITIONS] = kept + added;
            let mut grown = Tensor::zeros(cache.dtype, shape).map_err(LlmError::model)?;
            if let Some(held) = self.inputs.get(&cache.input) {
                grown.copy_range(POSITIONS, 0, held, 0..kept).map_err(LlmError::model)?;
            }
            grown.copy_range(POSITIONS, kept, rows, 0..added).map_err(LlmError::model)?;
            Ok(grown)
        };
        caches.iter().zip(rows).map(grow).collect()
    }

    /// Copies a row of the logits of the last call to `self.logits`.
    fn read_row(&mut self, row: usize) -> Result<(), LlmError> {
        let Some(logits) = self.outputs.get(LOGITS) else { return Ok(()) };
        let vocab = self.interface.vocab_size;
        let range = row * vocab..(row + 1) * vocab;
        self.logits.clear();
        match logits.dtype() {
            DType::F16 => {
                self.logits.resize(vocab, 0.0);
                logits.as_slice::<f16>().map_err(LlmError::model)?[range].convert_to_f32_slice(&mut self.logits);
            }
            _ => self.logits.extend_from_slice(&logits.as_slice::<f32>().map_err(LlmError::model)?[range]),
        }
        Ok(())
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
        self.interface.max_rows
    }

    fn independent_rows(&self) -> usize {
        match self.interface.cache {
            // A call computes all earlier rows too.
            Cache::Nowhere => 1,
            Cache::State | Cache::Inputs(_) => self.model.independent_rows().min(self.interface.max_rows),
        }
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        let rows = self.append(ids, OutputRows::Last)?;
        self.read_row(rows - 1)?;
        Ok(&self.logits)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        let rows = self.append(ids, OutputRows::All)?;
        // Without a cache, earlier rows come again.
        for row in rows.saturating_sub(ids.len())..rows {
            self.read_row(row)?;
            visit(&self.logits);
        }
        Ok(())
    }

    fn rewind(&mut self, len: usize) {
        self.ids.truncate(len);
        // Caches that the caller keeps are cut when they are next used, and states whose length the runtime does not
        // know are overwritten.
        let rewound = self.state.rewind(len.min(self.state.len()));
        debug_assert!(rewound.is_ok(), "shortening a state cannot fail");
    }

    fn identity(&self) -> Option<Identity> {
        self.model.fingerprint().filter(|_| self.interface.cache != Cache::State || self.state.has_rows())
    }

    fn rows(&self, tokens: Range<usize>) -> Result<Vec<Tensor>, LlmError> {
        if tokens.end > self.ids.len() {
            return Err(
                self.wrong(format!("keys and values of tokens {tokens:?} of {} were asked for", self.ids.len()))
            );
        }
        if self.interface.cache == Cache::State {
            return self.state.rows(tokens).map_err(LlmError::model);
        }
        let held = self.interface.caches().iter().filter_map(|cache| self.inputs.get(&cache.input));
        let positions = PLACEHOLDERS + tokens.start..PLACEHOLDERS + tokens.end;
        held.map(|held| held.narrow(POSITIONS, positions.clone()).map_err(LlmError::model)).collect()
    }

    fn append_rows(&mut self, ids: &[u32], rows: &[Tensor]) -> Result<(), LlmError> {
        self.check(ids)?;
        if let Some(found) = rows.iter().find(|rows| rows.shape().get(POSITIONS) != Some(&ids.len())) {
            let reason = format!("keys and values of {:?} were given for {} tokens", found.shape(), ids.len());
            return Err(self.wrong(reason));
        }
        if self.interface.cache == Cache::State {
            self.state.append(rows).map_err(LlmError::model)?;
        } else {
            let grown = self.grown_caches(rows)?;
            for (cache, grown) in self.interface.caches().iter().zip(grown) {
                self.inputs.insert(&cache.input, grown);
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
            interface: self.interface.clone(),
            state: self.state.clone(),
            ids,
            inputs: self.inputs.clone(),
            outputs: Outputs::new(),
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
