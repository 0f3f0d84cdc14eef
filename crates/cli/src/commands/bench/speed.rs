//! `sottovoce bench MODEL`

use std::{io::Write, num::NonZeroUsize, time::Instant};

use anyhow::{Context, bail};
use serde::Serialize;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{LanguageModel, package::PackageModel};

use crate::{
    console::{self, BOLD, DIM},
    interrupt::{self, Interrupted},
    loading::{self, RuntimeOptions},
    machine,
};

use super::{bandwidth, statistics::Summary};

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct SpeedArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Tokens of the prompt
    #[arg(long, value_name = "N", default_value = "512")]
    prompt: NonZeroUsize,
    /// Tokens to decode
    #[arg(long, value_name = "N", default_value = "128")]
    decode: NonZeroUsize,
    /// Repeats that count
    #[arg(long, value_name = "N", default_value = "5")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: RuntimeOptions,
}

/// The last line of the JSON form.
#[derive(Debug, Serialize)]
struct Figures {
    package: String,
    threads: usize,
    prompt_tokens: usize,
    decode_tokens: usize,
    repeats: usize,
    /// Medians.
    prefill_tokens_per_second: f64,
    decode_tokens_per_second: f64,
    /// Slowest and fastest repeat.
    prefill_range: [f64; 2],
    decode_range: [f64; 2],
    /// Bytes of weights and caches that a token reads.
    bytes_per_token: Option<usize>,
    /// Bytes a second that this machine reads, with the same threads, from as many bytes.
    read_bytes_per_second: Option<f64>,
    /// Share of that which decoding reaches.
    bandwidth_fraction: Option<f64>,
    peak_memory_bytes: Option<u64>,
}

/// Measures prefill and decode.
///
/// # Errors
/// The model cannot be loaded or fails, or the sizes exceed its context.
pub fn run(arguments: &SpeedArguments) -> anyhow::Result<()> {
    let model = &mut loading::load_package(&arguments.model, &arguments.options)?;
    let (prompt, decode) = (arguments.prompt.get(), arguments.decode.get());
    let longest = prompt.max(decode);
    if longest > model.context() {
        bail!("{longest} tokens do not fit the model's context of {}", model.context());
    }
    let ids = random_ids(longest, model.vocab_size());
    measure_prefill(model, &ids[..prompt])?;
    measure_decode(model, &ids[..decode])?;
    let (mut prefill, mut decoding) = (Vec::new(), Vec::new());
    for _ in 0..arguments.repeat.get() {
        prefill.push(measure_prefill(model, &ids[..prompt])?);
        decoding.push(measure_decode(model, &ids[..decode])?);
    }
    let threads = model.model().threads();
    let bytes_per_token = model.model().bytes_per_row();
    let read = bytes_per_token.map(|bytes| bandwidth::read_bytes_per_second(bytes, threads));
    let prefill = Summary::of(prefill).context("no repeats")?;
    let decoding = Summary::of(decoding).context("no repeats")?;
    let figures = Figures {
        package: model.model().package().path().file_name().unwrap_or_default().to_string_lossy().into_owned(),
        threads,
        prompt_tokens: prompt,
        decode_tokens: decode,
        repeats: arguments.repeat.get(),
        prefill_tokens_per_second: prefill.median,
        decode_tokens_per_second: decoding.median,
        prefill_range: [prefill.lowest, prefill.highest],
        decode_range: [decoding.lowest, decoding.highest],
        bytes_per_token,
        read_bytes_per_second: read,
        bandwidth_fraction: bytes_per_token.zip(read).map(|(bytes, read)| bytes as f64 * decoding.median / read),
        peak_memory_bytes: machine::peak_memory(),
    };
    print(&figures)?;
    if arguments.json {
        writeln!(console::stdout(), "{}", serde_json::to_string(&figures)?)?;
    }
    Ok(())
}

fn print(figures: &Figures) -> anyhow::Result<()> {
    let mut out = console::stdout();
    let mut line = |title: &str, tokens: usize, median: f64, [slowest, fastest]: [f64; 2]| {
        let range = format!("{slowest:.1} to {fastest:.1}");
        writeln!(out, "{BOLD}{title:<8}{BOLD:#}{tokens:>5} tokens {median:>9.1} tokens/s  {DIM}{range}{DIM:#}")
    };
    line("prefill", figures.prompt_tokens, figures.prefill_tokens_per_second, figures.prefill_range)?;
    line("decode", figures.decode_tokens, figures.decode_tokens_per_second, figures.decode_range)?;
    let Figures { threads, repeats, .. } = figures;
    writeln!(out, "{DIM}medians of {repeats}, {threads} threads, {}{DIM:#}", figures.package)?;
    if let (Some(bytes), Some(read), Some(fraction)) =
        (figures.bytes_per_token, figures.read_bytes_per_second, figures.bandwidth_fraction)
    {
        let bytes = console::bytes(bytes as u64);
        let (gigabytes, percent) = (read / 1e9, 100.0 * fraction);
        writeln!(
            out,
            "a token reads {bytes}; this machine reads {gigabytes:.1} GB/s; decoding reaches {percent:.0} %"
        )?;
    }
    if let Some(peak) = figures.peak_memory_bytes {
        writeln!(out, "peak memory {}", console::bytes(peak))?;
    }
    Ok(())
}

/// Tokens a second for a whole prompt, up to the logits of its last token.
fn measure_prefill(model: &mut PackageModel, ids: &[u32]) -> anyhow::Result<f64> {
    model.rewind(0);
    let started = Instant::now();
    for chunk in ids.chunks(model.max_rows()) {
        stop_if_interrupted()?;
        model.forward(chunk)?;
    }
    Ok(ids.len() as f64 / started.elapsed().as_secs_f64())
}

/// Tokens a second, one after the other.
fn measure_decode(model: &mut PackageModel, ids: &[u32]) -> anyhow::Result<f64> {
    model.rewind(0);
    let started = Instant::now();
    for id in ids {
        stop_if_interrupted()?;
        model.forward(std::slice::from_ref(id))?;
    }
    Ok(ids.len() as f64 / started.elapsed().as_secs_f64())
}

fn stop_if_interrupted() -> anyhow::Result<()> {
    if interrupt::check().is_break() { Err(Interrupted.into()) } else { Ok(()) }
}

/// The same ids on every run: Knuth's 64-bit linear congruential generator, high bits.
fn random_ids(count: usize, vocabulary: usize) -> Vec<u32> {
    let mut seed = 1u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % vocabulary.max(1) as u64) as u32
    };
    (0..count).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_stay_in_the_vocabulary() {
        assert!(random_ids(1000, 7).iter().all(|&id| id < 7));
        assert_ne!(random_ids(8, 49152)[0], random_ids(8, 49152)[1]);
    }
}
