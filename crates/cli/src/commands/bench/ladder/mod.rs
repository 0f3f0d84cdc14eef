//! `sottovoce bench ladder`

mod measure;
mod report;
mod rungs;

use std::{fs, io::Write, num::NonZeroUsize, path::PathBuf};

use anyhow::Context;
use sottovoce_hub::DEFAULT_MODEL;

use crate::{console, machine, model_folder::RandomShape};
use report::Report;
use rungs::{Rung, Source};

/// Contexts that are measured, as far as the model goes.
const CONTEXTS: [usize; 7] = [128, 256, 512, 1024, 2048, 4096, 8192];

/// Arguments of `bench ladder`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The steps of Apple's article \"On Device Llama 3.1 with Core ML\", on this machine: the model in f16 without a cache, with \
its cache as input and output, with its cache as state, and that with 4-bit weights. Each is converted into a temporary \
folder, measured and removed. First token is a prompt of 128 tokens up to its logits; tokens/s are of decoding with the \
context full, the mean of the tokens that fit into a second, at most 32. Where filling and measuring a context takes longer \
than 20 seconds, larger ones are left out.

Examples:
  sottovoce bench ladder
  sottovoce bench ladder model.gguf --chart ladder.svg
  sottovoce bench ladder --random-weights llama-3.2-1b --json | tail -n 1 | jq .rungs")]
pub struct LadderArguments {
    /// GGUF file, Hugging Face folder, or catalogue name
    #[arg(default_value = DEFAULT_MODEL, conflicts_with = "random_weights")]
    model: String,
    /// Random weights instead of a model: gemma-2b, gemma-2-2b, gemma-3-1b, llama-3.2-1b, llama-3.2-3b, llama-3.1-8b, or a
    /// config.json
    #[arg(long, value_name = "SHAPE")]
    random_weights: Option<RandomShape>,
    /// Draw the decoding speed over the contexts into an SVG file
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Threads [default: what the CPU affinity and the cgroup quota allow]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
}

/// Converts and measures every rung.
///
/// # Errors
/// The model cannot be found or converted, or fails, or the chart cannot be written.
pub fn run(arguments: &LadderArguments) -> anyhow::Result<()> {
    let source = match &arguments.random_weights {
        Some(shape) => Source::Random(shape.clone()),
        None => Source::find(&arguments.model)?,
    };
    let threads = arguments.threads.map_or_else(machine::threads, NonZeroUsize::get);
    let (name, limit) = source.name_and_limit()?;
    let contexts: Vec<usize> = CONTEXTS.into_iter().filter(|&context| context <= limit).collect();
    let contexts = if contexts.is_empty() { vec![limit] } else { contexts };
    let mut rungs = Vec::new();
    for rung in Rung::ALL {
        rungs.push(measure::measure(rung, &source, &contexts, threads)?);
    }
    let cpu = machine::cpu().map(|(cpu, _)| cpu).unwrap_or_default();
    let report = Report::new(name, cpu, threads, limit, rungs);
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if let Some(path) = &arguments.chart {
        fs::write(path, report.chart().svg()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}
