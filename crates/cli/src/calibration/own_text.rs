//! Text that a model writes itself.

use std::sync::Arc;

use sottovoce_llm::{
    LanguageModel,
    package::PackageModel,
    sampling::{Sampler, Sampling},
};
use sottovoce_runtime::{BatchMemory, Model};

use crate::{interrupt, progress};

/// `windows` texts of `length` tokens, all begun by `begin` if there is such a token, then by a token drawn from the whole
/// vocabulary, and gone on with by what `model` thinks likely, unfiltered at temperature 1: "LLM-QAT", Liu et al. 2023
/// (arXiv:2305.17888), found such texts better to train a quantised model on than real ones. They are the same every time.
///
/// # Errors
/// The model fails, or the user asked to stop.
pub fn write(model: &Arc<Model>, begin: Option<u32>, windows: usize, length: usize) -> anyhow::Result<Vec<Vec<u32>>> {
    let sequences = (0..windows).map(|_| PackageModel::new(Arc::clone(model)));
    let mut sequences = sequences.collect::<Result<Vec<_>, _>>()?;
    let sampler = |index| Sampler::new(Sampling { temperature: 1.0, index, ..Sampling::GREEDY }, &[], length);
    let mut samplers = (0..windows as u64).map(sampler).collect::<Result<Vec<_>, _>>()?;
    let any = vec![0.0; sequences.first().map_or(0, LanguageModel::vocab_size)];
    let mut texts: Vec<Vec<u32>> = vec![begin.into_iter().collect(); windows];
    for (text, sampler) in texts.iter_mut().zip(&mut samplers) {
        text.push(sampler.choose(&any)?.id);
    }
    let mut memory = BatchMemory::default();
    let bar = progress::token_bar((windows * length) as u64);
    bar.set_message("writing text to calibrate by");
    let mut read = 0;
    while texts.first().is_some_and(|text| text.len() < length) {
        interrupt::stop_if_asked()?;
        let new: Vec<&[u32]> = texts.iter().map(|text| &text[read..]).collect();
        PackageModel::forward_together(&mut sequences, &new, &mut memory)?;
        read = texts.first().map_or(0, Vec::len);
        for ((text, sampler), sequence) in texts.iter_mut().zip(&mut samplers).zip(&sequences) {
            text.push(sampler.choose(sequence.logits())?.id);
        }
        bar.set_position((windows * read) as u64);
    }
    bar.finish_and_clear();
    Ok(texts)
}
