//! A package as the language model that the language loop drives.

mod cache;

use std::path::Path;

use anyhow::{Context, bail};
use half::f16;
use sottovoce_llm::{LanguageModel, LlmError};
use sottovoce_runtime::{Inputs, LoadOptions, Model, OutputRows, PredictOptions, RuntimeError, State};
use sottovoce_tensor::{DType, Tensor};

use crate::inspection::{Variant, Verdict};
use cache::Caches;

/// A loaded language model package with one sequence of tokens.
pub struct PackageModel {
    model: Model,
    ids: String,
    mask: String,
    mask_type: DType,
    logits: String,
    vocabulary: usize,
    context: usize,
    memory: Memory,
    /// Logits of the last row.
    row: Vec<f32>,
}

/// Where the sequence is kept.
enum Memory {
    /// In the states of the package, which hold `len` tokens.
    State { state: Box<State>, len: usize },
    /// In caches that go in and out.
    Caches(Caches),
    /// As ids: every call runs all of them.
    Sequence(Vec<u32>),
}

impl Memory {
    fn len(&self) -> usize {
        match self {
            Self::State { len, .. } => *len,
            Self::Caches(caches) => caches.len(),
            Self::Sequence(ids) => ids.len(),
        }
    }
}

impl PackageModel {
    /// Loads a package and checks that it is a language model.
    ///
    /// # Errors
    /// It cannot be loaded, is no language model, has several masks, or its first step fails.
    pub fn load(path: &Path, options: &LoadOptions) -> anyhow::Result<Self> {
        let model = Model::load(path, options)?;
        let interface = model.interface().with_context(|| format!("function {} is not described", model.function()))?;
        let (variant, context, ids, masks, logits) = match Verdict::of(interface) {
            Verdict::Other { reason } => bail!("{} is no language model: {reason}", path.display()),
            Verdict::LanguageModel { variant, context, ids, masks, logits, .. } => {
                (variant, context, ids, masks, logits)
            }
        };
        let [mask] = &masks[..] else {
            bail!("{} has {} masks ({}); one is supported", path.display(), masks.len(), masks.join(", "));
        };
        let dtype = |name: &str| interface.inputs.iter().find(|input| input.name == name).and_then(cache::array_type);
        let mask_type = dtype(mask).unwrap_or(DType::F16);
        let memory = match variant {
            Variant::Stateful => Memory::State { state: Box::new(model.new_state()), len: 0 },
            Variant::KvIo => Memory::Caches(Caches::of(interface)?),
            Variant::Baseline => Memory::Sequence(Vec::new()),
        };
        let context = context.context("the package sets no bound on its context")?;
        // A dummy position takes one place of caches that go in and out.
        let context = if variant == Variant::KvIo { context.saturating_sub(1) } else { context };
        let (mask, vocabulary) = (mask.clone(), 0);
        let mut this = Self { model, ids, mask, mask_type, logits, vocabulary, context, memory, row: Vec::new() };
        // Packages need not describe the shape of their logits; one step tells, and shows that the package runs.
        this.vocabulary = usize::MAX;
        this.vocabulary = this.forward(&[0])?.len();
        this.rewind(0);
        Ok(this)
    }

    /// The model underneath.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Runs one call; gives the logits [1, rows, vocabulary], of which the last `ids.len()` rows are new.
    fn call(&mut self, ids: &[u32], rows: OutputRows) -> Result<Tensor, LlmError> {
        let past = self.memory.len();
        let tokens = past + ids.len();
        if tokens > self.context {
            return Err(LlmError::PromptTooLong { tokens, context: self.context });
        }
        let options = PredictOptions { rows, ..PredictOptions::default() };
        let (model, mask_type) = (&self.model, self.mask_type);
        let mut inputs = Inputs::new();
        let outputs = match &mut self.memory {
            Memory::State { state, len } => {
                inputs.insert(&self.ids, id_tensor(ids)?);
                inputs.insert(&self.mask, causal_mask(mask_type, ids.len(), tokens, 0)?);
                let outputs = model.predict_with(&inputs, state, &options).map_err(LlmError::model)?;
                *len = tokens;
                outputs
            }
            Memory::Caches(caches) => {
                inputs.insert(&self.ids, id_tensor(ids)?);
                let hidden = caches.hidden();
                inputs.insert(&self.mask, causal_mask(mask_type, ids.len(), hidden + tokens, hidden)?);
                caches.put(&mut inputs);
                let outputs = model.predict_with(&inputs, &mut model.new_state(), &options).map_err(LlmError::model)?;
                caches.take(&outputs, tokens).map_err(LlmError::Model)?;
                outputs
            }
            Memory::Sequence(sequence) => {
                let all = [sequence.as_slice(), ids].concat();
                inputs.insert(&self.ids, id_tensor(&all)?);
                inputs.insert(&self.mask, causal_mask(mask_type, tokens, tokens, 0)?);
                let outputs = model.predict_with(&inputs, &mut model.new_state(), &options).map_err(LlmError::model)?;
                *sequence = all;
                outputs
            }
        };
        let logits = outputs.get(&self.logits).filter(|logits| logits.rank() == 3 && !logits.is_empty());
        logits.cloned().ok_or_else(|| {
            let shapes: Vec<_> = outputs.iter().map(|(name, tensor)| format!("{name} {:?}", tensor.shape())).collect();
            LlmError::Model(format!("expected logits [1, q, vocabulary], found {}", shapes.join(", ")).into())
        })
    }
}

impl LanguageModel for PackageModel {
    fn vocab_size(&self) -> usize {
        self.vocabulary
    }

    fn context(&self) -> usize {
        self.context
    }

    fn len(&self) -> usize {
        self.memory.len()
    }

    fn forward(&mut self, ids: &[u32]) -> Result<&[f32], LlmError> {
        let logits = self.call(ids, OutputRows::Last)?;
        let mut values = logits.to_f32_vec();
        let width = logits.shape()[2];
        self.row = values.split_off(values.len() - width);
        Ok(&self.row)
    }

    fn forward_all(&mut self, ids: &[u32], visit: &mut dyn FnMut(&[f32])) -> Result<(), LlmError> {
        let logits = self.call(ids, OutputRows::All)?;
        let width = logits.shape()[2];
        let values = logits.to_f32_vec();
        let old = values.len().saturating_sub(ids.len() * width);
        values[old..].chunks_exact(width).for_each(visit);
        Ok(())
    }

    fn rewind(&mut self, len: usize) {
        if len >= self.len() {
            return;
        }
        match &mut self.memory {
            Memory::State { state, len: tokens } => {
                // States that the runtime does not see appends to have length 0, and nothing to forget.
                if len < state.len() {
                    state.rewind(len).unwrap_or_else(|error: RuntimeError| unreachable!("{error}"));
                }
                *tokens = len;
            }
            Memory::Caches(caches) => caches.truncate(len),
            Memory::Sequence(ids) => ids.truncate(len),
        }
    }
}

/// int32 [1, q].
fn id_tensor(ids: &[u32]) -> Result<Tensor, LlmError> {
    let ids: Vec<i32> = ids.iter().map(|&id| i32::try_from(id).unwrap_or(i32::MAX)).collect();
    Tensor::from_slice([1, ids.len()], &ids).map_err(LlmError::model)
}

/// [1, 1, q, kv]: row i sees the columns from `hidden` up to its own position kv − q + i; −∞ hides the others.
fn causal_mask(dtype: DType, q: usize, kv: usize, hidden: usize) -> Result<Tensor, LlmError> {
    let sees = |row: usize, column: usize| (hidden..=kv - q + row).contains(&column);
    let rows = (0..q).flat_map(|row| (0..kv).map(move |column| sees(row, column)));
    if dtype == DType::F16 {
        let mask: Vec<f16> = rows.map(|sees| if sees { f16::ZERO } else { f16::NEG_INFINITY }).collect();
        return Tensor::from_slice([1, 1, q, kv], &mask).map_err(LlmError::model);
    }
    let mask: Vec<f32> = rows.map(|sees| if sees { 0.0 } else { f32::NEG_INFINITY }).collect();
    Tensor::from_f32(dtype, [1, 1, q, kv], &mask).map_err(LlmError::model)
}
