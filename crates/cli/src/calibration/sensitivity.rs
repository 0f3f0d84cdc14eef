//! How much the errors of outputs count for what the model predicts.

use std::{collections::HashMap, sync::Arc};

use sottovoce_convert::ConvertError;
use sottovoce_kernels::Kernels;
use sottovoce_llm::{
    LlmError,
    package::PackageModel,
    sampling::{Sampler, Sampling},
};
use sottovoce_runtime::Model;

use super::products::OutputProducts;
use crate::{interrupt, progress};

/// Second moments of the gradients of linear layers' outputs, by weight: with respect to them, of the loss of tokens that the
/// model draws itself at every position. Their expectation is the curvature of the divergence from what it predicts (the
/// Fisher information; "YAQA", Tseng et al. 2025, arXiv:2505.22988, rounds by it).
///
/// # Errors
/// The model fails or has no gradients, or the user asked to stop.
pub fn gather(
    model: &Arc<Model>,
    kernels: Kernels,
    windows: &[Vec<u32>],
    head: &[String],
) -> anyhow::Result<HashMap<String, OutputProducts>> {
    let mut products: HashMap<String, OutputProducts> = HashMap::new();
    let mut sequence = PackageModel::new(Arc::clone(model))?;
    let bar = progress::token_bar(windows.iter().map(Vec::len).sum::<usize>() as u64);
    bar.set_message("reading backwards");
    for (index, window) in windows.iter().enumerate() {
        interrupt::stop_if_asked()?;
        let sampling = Sampling { temperature: 1.0, index: index as u64, ..Sampling::GREEDY };
        let mut sampler = Sampler::new(sampling, &[], window.len())?;
        let (mut drawn, mut summed): (Result<(), LlmError>, Result<(), ConvertError>) = (Ok(()), Ok(()));
        let mut loss = |_, logits: &[f32], gradient: &mut [f32]| match sampler.choose(logits) {
            Ok(choice) => {
                gradient.copy_from_slice(logits);
                kernels.softmax(gradient);
                gradient[choice.id as usize] -= 1.0;
            }
            Err(error) => drawn = Err(error),
        };
        sequence.backward(window, &mut loss, &mut |layer| {
            // Rows of the head are as many as tokens, and have little in common.
            if head.iter().any(|name| name == layer.weight) || summed.is_err() {
                return;
            }
            let sums =
                products.entry(layer.weight.to_owned()).or_insert_with(|| OutputProducts::new(kernels, layer.width));
            summed = sums.add(layer.rows);
        })?;
        drawn?;
        summed?;
        bar.inc(window.len() as u64);
    }
    bar.finish_and_clear();
    Ok(products)
}
