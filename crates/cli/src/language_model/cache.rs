//! Keys and values that go in and out of every call.

use anyhow::{Context, bail};
use indexmap::IndexMap;
use sottovoce_mil::description::{Feature, FeatureType, FunctionDescription};
use sottovoce_runtime::Inputs;
use sottovoce_tensor::{Bytes, DType, Tensor};

/// The axis that counts positions: layers, batch, heads, positions, head size.
const POSITIONS: usize = 3;

/// Caches by the names of their inputs and outputs.
///
/// Packages ask for at least one past position, so the first is a dummy that every mask hides. Rotary embeddings are
/// relative, so it shifts nothing.
pub struct Caches {
    slots: Vec<Slot>,
    tokens: usize,
}

struct Slot {
    input: String,
    output: String,
    tensor: Tensor,
}

impl Caches {
    /// Empty caches for an interface whose cache outputs are in the order of its cache inputs.
    ///
    /// # Errors
    /// Their numbers differ.
    pub fn of(interface: &FunctionDescription) -> anyhow::Result<Self> {
        let inputs: Vec<_> = interface.inputs.iter().filter_map(|input| Some((input, cache_shape(input)?))).collect();
        // Outputs need not be described; what is not the logits is a cache then.
        let outputs = interface.outputs.iter().filter(|output| !output.name.to_ascii_lowercase().contains("logits"));
        let outputs: Vec<_> = outputs.collect();
        if inputs.len() != outputs.len() {
            bail!("the package has {} cache inputs and {} cache outputs", inputs.len(), outputs.len());
        }
        let slot = |((input, shape), output): ((&Feature, Vec<usize>), &&Feature)| {
            let dtype = array_type(input).with_context(|| format!("input {} has no element type", input.name))?;
            let mut shape = shape;
            shape[POSITIONS] = 1;
            let tensor = Tensor::zeros(dtype, shape)?;
            Ok(Slot { input: input.name.clone(), output: output.name.clone(), tensor })
        };
        let slots = inputs.into_iter().zip(&outputs).map(slot).collect::<anyhow::Result<_>>()?;
        Ok(Self { slots, tokens: 0 })
    }

    /// Tokens held.
    pub fn len(&self) -> usize {
        self.tokens
    }

    /// Positions that masks must hide.
    pub fn hidden(&self) -> usize {
        1
    }

    /// Sets the inputs of a call.
    pub fn put(&self, inputs: &mut Inputs) {
        for slot in &self.slots {
            inputs.insert(&slot.input, slot.tensor.clone());
        }
    }

    /// Takes the caches of `tokens` tokens from the outputs of a call.
    ///
    /// # Errors
    /// An output is missing or has another shape.
    pub fn take(
        &mut self,
        outputs: &IndexMap<String, Tensor>,
        tokens: usize,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let mut fresh = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let tensor = outputs.get(&slot.output).ok_or_else(|| format!("the outputs lack {}", slot.output))?;
            let mut expected = slot.tensor.shape().to_vec();
            expected[POSITIONS] = self.hidden() + tokens;
            if tensor.shape() != expected {
                let found = tensor.shape();
                return Err(format!("output {} should be {expected:?}, found {found:?}", slot.output).into());
            }
            fresh.push(in_type(tensor, slot.tensor.dtype())?);
        }
        for (slot, tensor) in self.slots.iter_mut().zip(fresh) {
            slot.tensor = tensor;
        }
        self.tokens = tokens;
        Ok(())
    }

    /// Forgets all but the first `tokens` tokens.
    pub fn truncate(&mut self, tokens: usize) {
        let positions = self.hidden() + tokens;
        for slot in &mut self.slots {
            slot.tensor = first_positions(&slot.tensor, positions);
        }
        self.tokens = tokens;
    }
}

/// In exact mode outputs are f32, while inputs keep their declared type.
fn in_type(tensor: &Tensor, dtype: DType) -> Result<Tensor, sottovoce_tensor::TensorError> {
    if tensor.dtype() == dtype {
        return Ok(tensor.clone());
    }
    Tensor::from_f32(dtype, tensor.shape(), &tensor.to_f32_vec())
}

/// The first `count` positions of a cache that has at least as many.
fn first_positions(cache: &Tensor, count: usize) -> Tensor {
    let mut shape = cache.shape().to_vec();
    let row = shape[POSITIONS + 1] * cache.dtype().bits() / 8;
    let (held, kept) = (shape[POSITIONS] * row, count * row);
    let bytes: Vec<u8> = cache.bytes().chunks_exact(held.max(1)).flat_map(|head| &head[..kept]).copied().collect();
    shape[POSITIONS] = count;
    Tensor::new(cache.dtype(), shape, Bytes::copy_from(&bytes)).unwrap_or_else(|error| unreachable!("{error}"))
}

fn cache_shape(feature: &Feature) -> Option<Vec<usize>> {
    match &feature.ty {
        FeatureType::Array { shape, .. } if shape.len() == POSITIONS + 2 => Some(shape.clone()),
        _ => None,
    }
}

/// Element type of an array feature.
pub fn array_type(feature: &Feature) -> Option<DType> {
    match &feature.ty {
        FeatureType::Array { dtype, .. } => *dtype,
        FeatureType::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_positions_of_every_head_are_kept() {
        let values: Vec<f32> = (0..12).map(|value| value as f32).collect();
        let cache = Tensor::from_slice([1, 1, 2, 3, 2], &values).unwrap();
        let kept = first_positions(&cache, 2);
        assert_eq!(kept.shape(), [1, 1, 2, 2, 2]);
        assert_eq!(kept.to_f32_vec(), [0.0, 1.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0]);
    }
}
