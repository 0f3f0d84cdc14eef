//! Measuring one rung.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context;
use serde::Serialize;
use sottovoce_runtime::LoadOptions;

use super::rungs::{Rung, Source};
use crate::{
    commands::bench::{statistics::Summary, subject::Subject},
    console,
};

/// Tokens of the prompt, unless half of the smallest context is less.
const PROMPT: usize = 128;
/// Times that the prompt is computed; the median counts.
const PROMPTS: usize = 3;
/// Most tokens decoded per context.
const MAX_TOKENS: usize = 32;
/// What they may take together, seconds.
const SECONDS: f64 = 1.0;
/// After a context that takes this long to fill and measure, larger ones are left out.
const SLOW: Duration = Duration::from_secs(20);

/// What a rung reaches.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Which.
    pub rung: Rung,
    /// Bytes of the package.
    pub package_bytes: u64,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Seconds from the prompt to the logits of its last token.
    pub first_token: f64,
    /// Decoding, by context.
    pub sweep: Vec<Point>,
}

/// Decoding with a full context.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Point {
    /// Positions.
    pub context: usize,
    /// Speed at its end.
    pub tokens_per_second: f64,
    /// Tokens that it is the mean of.
    pub tokens: usize,
}

/// Converts, loads and measures a rung.
///
/// # Errors
/// The package cannot be made or loaded, or fails.
pub fn measure(rung: Rung, source: &Source, contexts: &[usize], threads: usize) -> anyhow::Result<Measured> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let (smallest, largest) = (contexts[0], contexts[contexts.len() - 1]);
    let package = source.make(rung, largest, folder.path())?;
    let package_bytes = folder_bytes(&package).with_context(|| format!("cannot read {}", package.display()))?;
    let options = LoadOptions { threads: Some(threads), ..LoadOptions::default() };
    let (mut subject, _) = Subject::load(&package, &options)?;
    subject.announce();

    let prompt_tokens = PROMPT.min(smallest / 2).max(1);
    // The first one warms up.
    subject.prefill(0, prompt_tokens)?;
    let prompts = (0..PROMPTS).map(|_| Ok(prompt_tokens as f64 / subject.prefill(0, prompt_tokens)?));
    let first_token = Summary::of(prompts.collect::<anyhow::Result<Vec<f64>>>()?).context("no prompt")?.median;
    let mut sweep = Vec::new();
    for &context in contexts {
        let started = Instant::now();
        sweep.push(decode(&mut subject, context)?);
        if started.elapsed() > SLOW && context < largest {
            console::note(format_args!("{}: slow at context {context}, larger ones are left out", rung.name()));
            break;
        }
    }
    Ok(Measured { rung, package_bytes, prompt_tokens, first_token, sweep })
}

/// Decodes up to the end of a context.
fn decode(subject: &mut Subject, context: usize) -> anyhow::Result<Point> {
    // A cache that goes in and out holds one position less, since it cannot be empty.
    let end = context.min(subject.context());
    let begin = end - (1 + MAX_TOKENS).min(end);
    let first = subject.decode(begin, 1)?;
    let tokens = ((first * SECONDS) as usize).min(MAX_TOKENS.min(end - begin - 1));
    // A single slow token is warm enough: what it takes is in its rows.
    let tokens_per_second = if tokens == 0 { first } else { subject.decode(begin + 1, tokens)? };
    Ok(Point { context, tokens_per_second, tokens: tokens.max(1) })
}

fn folder_bytes(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            let metadata = entry.metadata()?;
            if metadata.is_dir() { folder_bytes(&entry.path()) } else { Ok(metadata.len()) }
        })
        .sum()
}
