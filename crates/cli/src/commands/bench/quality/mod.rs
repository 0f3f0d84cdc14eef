//! `sottovoce bench quality`

mod questions;
mod report;

use std::{
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::bail;
use sottovoce_convert::{ConvertOptions, Quantize};
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{LanguageModel, PREFILL_CHUNK, evaluate, evaluate::compare, package::PackageModel};
use sottovoce_runtime::{LoadOptions, Model, Precision};
use tempfile::TempDir;

use crate::{
    commands::perplexity::begin_of_text,
    console,
    loading::{self, LoadedModel},
    model_folder::{Additions, Original},
    progress,
};
use report::Report;

/// The beginning of the Declaration of Independence of the United States (1776), Abraham Lincoln's Gettysburg Address (1863),
/// and the beginnings of Lewis Carroll's *Alice's Adventures in Wonderland* (1865) and Jane Austen's *Pride and Prejudice*
/// (1813), all in the public domain.
pub const PASSAGES: &str = include_str!("passages.txt");

/// Arguments of `bench quality`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The same text, two speeches and two novels in the public domain, is predicted by the exact arithmetic and by the fast one, \
the latter in chunks of 512 rows as prompts are, and row by row as answers are. Perplexity is e to the mean negative log \
likelihood of a token; agreement is the share of positions with the same likeliest token; KL is the mean Kullback-Leibler \
divergence in nats. Ten questions are answered greedily, the first eight tokens: where exact arithmetic has a margin of 0.5 \
or more between its first two choices at every step, the fast one must give the same answer.

Fails when fast differs from exact by more than this:
  512 rows  perplexity 1.01 times,  agreement 96.5 %
  one row   perplexity 1.001 times, agreement 99.5 %
Shares of few tokens scatter: with fewer than some 2,000, a miss may be chance.

Examples:
  sottovoce bench quality
  sottovoce bench quality my-model --f16 my-model-f16/My-Stateful-2048.mlpackage --json | tail -n 1 | jq .paths")]
pub struct QualityArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Compare with the model in f16 too [default: for a catalogue name, a package made of the same source]
    #[arg(long, value_name = "PACKAGE")]
    f16: Option<PathBuf>,
    /// Tokens of the text, as far as it goes
    #[arg(long, value_name = "N", default_value = "2048")]
    tokens: NonZeroUsize,
    /// Tokenizer for a package that comes without one: tokenizer.json or the folder with it
    #[arg(long, value_name = "PATH")]
    tokenizer: Option<PathBuf>,
    /// Threads [default: what the CPU affinity and the cgroup quota allow]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
}

/// Compares fast, exact and f16.
///
/// # Errors
/// A model cannot be loaded or fails, the vocabularies differ, or fast arithmetic misses a limit.
pub fn run(arguments: &QualityArguments) -> anyhow::Result<()> {
    let options = |precision| LoadOptions {
        precision,
        threads: arguments.threads.map(NonZeroUsize::get),
        ..LoadOptions::default()
    };
    let LoadedModel { folder, model: mut fast, .. } =
        loading::load_with(&arguments.model, arguments.tokenizer.as_deref(), &options(Precision::Fast))?;
    let package = fast.model().package().path().to_owned();
    let exact_options = options(Precision::Exact);
    let load = |package: &Path| anyhow::Ok(PackageModel::new(Arc::new(Model::load(package, &exact_options)?))?);
    let mut exact = load(&package)?;
    let answers = questions::answer(&folder, &mut exact, &mut fast)?;

    let f16 = f16_package(arguments, fast.context())?;
    let ids = folder.tokenizer.encode(PASSAGES, false)?;
    let ids = &ids[..arguments.tokens.get().min(ids.len())];
    let begin = begin_of_text(&folder.tokenizer)?;
    let window = fast.context().saturating_sub(usize::from(begin.is_some())).min(ids.len());
    let path = |model, rows| evaluate::Path { model, rows };
    let mut paths = Vec::new();
    if let Some((f16, _)) = &f16 {
        paths.push(path(load(f16)?, PREFILL_CHUNK));
    }
    paths.push(path(exact, PREFILL_CHUNK));
    let references = paths.len();
    paths.push(path(PackageModel::new(Arc::clone(fast.model()))?, PREFILL_CHUNK));
    paths.push(path(fast, 1));
    let bar = progress::token_bar(ids.len() as u64);
    let compared = compare(&mut paths, references, ids, begin, window, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    let f16_name = f16.as_ref().map(|(path, _)| file_name(path));
    let report = Report::new(file_name(&package), f16_name, &compared?, answers);

    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    if !report.missed.is_empty() {
        bail!("fast arithmetic misses its limits: {}", report.missed.join("; "));
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The f16 package to compare with: the one that was named, or one made of a catalogue model's source in a folder that
/// lives as long as the second value.
fn f16_package(arguments: &QualityArguments, context: usize) -> anyhow::Result<Option<(PathBuf, Option<TempDir>)>> {
    if let Some(path) = &arguments.f16 {
        return Ok(Some((path.clone(), None)));
    }
    if Path::new(&arguments.model).exists() {
        return Ok(None);
    }
    let original = Original::find(&arguments.model, &Additions::default())?;
    let folder = tempfile::tempdir()?;
    let options = ConvertOptions { quantize: Quantize::F16, context: Some(context), ..ConvertOptions::default() };
    let (package, _) = original.make(folder.path(), &options, None)?;
    Ok(Some((package, Some(folder))))
}
