//! Checks and measures a Core ML language model package on a machine without Core ML:
//! what its interface is, whether its logits are sound, how fast it runs.
//!
//! usage: check_package MODEL.mlpackage

use std::{error::Error, path::Path, sync::Arc, time::Instant};

use sottovoce_llm::{
    LanguageModel,
    package::{LanguageInterface, PackageModel},
};
use sottovoce_runtime::{LoadOptions, Model};

const PROMPT: [u32; 4] = [1, 2, 3, 4];
const TOKENS: usize = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let package = std::env::args().nth(1).ok_or("usage: check_package MODEL.mlpackage")?;
    run(Path::new(&package))
}

pub(crate) fn run(path: &Path) -> Result<(), Box<dyn Error>> {
    // Everything that is not supported is an error here, with the operation's name and place.
    let model = Arc::new(Model::load(path, &LoadOptions::default())?);
    println!("{}", LanguageInterface::of(model.package(), model.function())?);
    for note in &model.placement().notes {
        println!("note: {note}");
    }

    // Logits of a prompt. The model builds ids, masks and positions as this package wants them; `Model::predict` takes
    // arrays by name instead, for packages that are no language models.
    let mut sequence = PackageModel::new(Arc::clone(&model))?;
    let logits = sequence.forward(&PROMPT)?;
    let finite = logits.iter().all(|logit| logit.is_finite());
    let mut next = likeliest(logits);
    println!(
        "{} logits, {}, the likeliest token is {next}",
        logits.len(),
        if finite { "all finite" } else { "some not finite" }
    );

    // Token by token over the state: what an answer costs.
    let started = Instant::now();
    for _ in 0..TOKENS {
        next = likeliest(sequence.forward(&[next])?);
    }
    let rate = TOKENS as f64 / started.elapsed().as_secs_f64();
    println!("{TOKENS} tokens, {rate:.1} a second, {} bytes of keys and values", model.new_state().bytes());
    Ok(())
}

fn likeliest(logits: &[f32]) -> u32 {
    let best = logits.iter().enumerate().max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.map_or(0, |(id, _)| id as u32)
}
