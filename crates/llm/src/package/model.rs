//! A loaded package as a language model.

use std::sync::Arc;

use half::f16;
use sottovoce_runtime::{Inputs, Model, OutputRows, PredictOptions, Profile, State};
use sottovoce_tensor::{DType, Tensor};

use super::inputs::{causal_mask, first_positions, ids};
use super::interface::{Cache, IDS, LOGITS, LanguageInterface, MASK};
use crate::{LanguageModel, LlmError};

/// Positions in front of a cache that the caller keeps: it cannot be empty, so one is always there and never seen.
const PLACEHOLDERS: usize = 1;

/// One sequence on a package; the package is shared between sequences.
pub struct PackageModel {
    model: Arc<Model>,
    interface: LanguageInterface,
    state: State,
    /// Every token in the sequence.
    ids: Vec<i32>,
    /// The caches that the package gave back, where the caller keeps them.
    caches: Vec<Tensor>,
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
        let mut caches = Vec::new();
        if let Cache::Inputs(inputs) = &interface.cache {
            for cache in inputs {
                caches.push(Tensor::zeros(cache.dtype, cache.shape.as_slice()).map_err(LlmError::model)?);
            }
        }
        Ok(Self { model, interface, state, ids: Vec::new(), caches, logits: Vec::new() })
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

    /// Appends `new` and returns the logits that the package gives: of the rows asked for, of all new rows, or of the
    /// whole sequence.
    fn append(&mut self, new: &[u32], rows: OutputRows) -> Result<Tensor, LlmError> {
        let vocab = self.interface.vocab_size;
        let past = self.ids.len();
        if new.is_empty() {
            return Err(LlmError::EmptyPrompt);
        }
        if past + new.len() > self.interface.context {
            return Err(LlmError::PromptTooLong { tokens: past + new.len(), context: self.interface.context });
        }
        if let Some(&id) = new.iter().find(|&&id| id as usize >= vocab) {
            return Err(LlmError::IdOutOfRange { id, vocab });
        }
        // Below the vocabulary, which fits.
        self.ids.extend(new.iter().map(|&id| id as i32));
        let result = self.predict(past, rows);
        if result.is_err() {
            self.ids.truncate(past);
        }
        result
    }

    /// Computes `ids[past..]`, which the state does not hold yet.
    fn predict(&mut self, past: usize, rows: OutputRows) -> Result<Tensor, LlmError> {
        let new = &self.ids[past..];
        let mut inputs = Inputs::new();
        let mut insert = |name: &str, tensor: Result<Tensor, _>| -> Result<(), LlmError> {
            inputs.insert(name, tensor.map_err(LlmError::model)?);
            Ok(())
        };
        match &self.interface.cache {
            Cache::State => {
                insert(IDS, ids(new))?;
                insert(MASK, causal_mask(new.len(), past, 0))?;
            }
            Cache::Inputs(caches) => {
                insert(IDS, ids(new))?;
                insert(MASK, causal_mask(new.len(), PLACEHOLDERS + past, PLACEHOLDERS))?;
                for (cache, held) in caches.iter().zip(&self.caches) {
                    // After a rewind it holds more.
                    insert(&cache.input, first_positions(held, PLACEHOLDERS + past))?;
                }
            }
            Cache::Nowhere => {
                insert(IDS, ids(&self.ids))?;
                insert(MASK, causal_mask(self.ids.len(), 0, 0))?;
            }
        }
        let options = PredictOptions { rows, ..PredictOptions::default() };
        let mut outputs = self.model.predict_with(&inputs, &mut self.state, &options).map_err(LlmError::model)?;
        let mut take = |name: &str| {
            let missing = || self.wrong(format!("a call gave no {name}"));
            outputs.swap_remove(name).ok_or_else(missing)
        };
        let logits = take(LOGITS)?;
        if let Cache::Inputs(caches) = &self.interface.cache {
            let new = caches.iter().map(|cache| as_input(take(&cache.output)?, cache.dtype));
            self.caches = new.collect::<Result<_, LlmError>>()?;
        }
        match logits.shape() {
            [1, rows, vocab] if *rows > 0 && *vocab == self.interface.vocab_size => Ok(logits),
            other => {
                Err(self.wrong(format!("{LOGITS} came as {other:?}, expected [1, q, {}]", self.interface.vocab_size)))
            }
        }
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

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        let logits = self.append(ids, OutputRows::Last)?;
        read_row(&logits, logits.shape()[1] - 1, &mut self.logits)?;
        Ok(&self.logits)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        let logits = self.append(ids, OutputRows::All)?;
        let rows = logits.shape()[1];
        // Without a cache, earlier rows come again.
        for row in rows.saturating_sub(ids.len())..rows {
            read_row(&logits, row, &mut self.logits)?;
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
}

/// A returned cache in the type that the input takes: in exact mode outputs are f32.
fn as_input(cache: Tensor, dtype: DType) -> Result<Tensor, LlmError> {
    if cache.dtype() == dtype {
        return Ok(cache);
    }
    Tensor::from_f32(dtype, cache.shape(), &cache.to_f32_vec()).map_err(LlmError::model)
}

/// Copies a row of logits `[1, rows, vocab]` into `out`.
fn read_row(logits: &Tensor, row: usize, out: &mut Vec<f32>) -> Result<(), LlmError> {
    let vocab = logits.shape()[2];
    let range = row * vocab..(row + 1) * vocab;
    out.clear();
    match logits.dtype() {
        DType::F16 => {
            out.extend(logits.as_slice::<f16>().map_err(LlmError::model)?[range].iter().map(|&logit| f32::from(logit)));
        }
        _ => out.extend_from_slice(&logits.as_slice::<f32>().map_err(LlmError::model)?[range]),
    }
    Ok(())
}
