//! `sottovoce perplexity`

use std::{fs, io::Write, path::PathBuf};

use anyhow::Context;
use serde_json::json;
use sottovoce_llm::{
    LanguageModel,
    evaluate::{Windows, perplexity},
    tokenizer::Tokenizer,
};

use crate::{
    console,
    loading::{self, ModelOptions},
    progress,
};

/// Tokens of a window, unless the context is smaller.
const DEFAULT_WINDOW: usize = 512;

/// Arguments of `perplexity`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints exp of the mean negative log likelihood per token, that mean in nats, and the same in bits per byte of the text, which \
compares models with different tokenizers. Windows overlap by half: each token but the first of the text is predicted once, \
with at least half a window before it.

Examples:
  sottovoce perplexity my-model LICENSE
  sottovoce perplexity my-model LICENSE --exact --window 256
  sottovoce perplexity my-model LICENSE --json | jq .bits_per_byte")]
pub struct Arguments {
    /// Catalogue name, model folder, or package
    model: String,
    /// Text to predict, UTF-8
    file: PathBuf,
    /// Tokens in a window [default: 512, or the context if that is smaller]
    #[arg(long, value_name = "N")]
    window: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: ModelOptions,
}

/// Measures how well a model predicts a text.
///
/// # Errors
/// The text cannot be read or is too short, or the model cannot be loaded or fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let text = fs::read_to_string(&arguments.file);
    let text = text.with_context(|| format!("cannot read {}", arguments.file.display()))?;
    let mut loaded = loading::load(&arguments.model, &arguments.options)?;
    let tokenizer = &loaded.folder.tokenizer;
    let ids = tokenizer.encode(&text, false)?;
    let begin = begin_of_text(tokenizer)?;
    let room = loaded.model.context().saturating_sub(usize::from(begin.is_some()));
    let length = arguments.window.unwrap_or(DEFAULT_WINDOW.min(room));
    let windows = Windows { length, stride: (length / 2).max(1) };

    let bar = progress::token_bar(ids.len() as u64);
    let result = perplexity(&mut loaded.model, &ids, begin, windows, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let result = result?;
    console::note(format_args!("{} tokens predicted, window {length}, stride {}", result.tokens, windows.stride));
    // The first token is predicted by nothing.
    let first = tokenizer.decode(&ids[..1]).len();
    let bits_per_byte = result.bits_per_byte(text.len().saturating_sub(first));
    let nats_per_token = result.negative_log_likelihood / result.tokens as f64;
    let mut out = console::stdout();
    if arguments.json {
        let report = json!({
            "tokens": result.tokens,
            "window": length,
            "stride": windows.stride,
            "perplexity": result.perplexity(),
            "nats_per_token": nats_per_token,
            "bits_per_byte": bits_per_byte,
            "top1_accuracy": result.top1_share(),
        });
        writeln!(out, "{report}")?;
        return Ok(());
    }
    writeln!(out, "perplexity {:.4}", result.perplexity())?;
    writeln!(out, "nats per token {nats_per_token:.4}")?;
    writeln!(out, "bits per byte {bits_per_byte:.4}")?;
    writeln!(out, "top-1 accuracy {:.2} %", 100.0 * result.top1_share())?;
    Ok(())
}

/// The token that the tokenizer puts before every text, if it does.
///
/// # Errors
/// The tokenizer fails.
pub fn begin_of_text(tokenizer: &Tokenizer) -> anyhow::Result<Option<u32>> {
    let (with, without) = (tokenizer.encode("a", true)?, tokenizer.encode("a", false)?);
    Ok(with.first().copied().filter(|first| without.first() != Some(first)))
}
