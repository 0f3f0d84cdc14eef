//! `sottovoce bench grammars`

mod report;
mod walk;

use std::{
    io::Write,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    LanguageModel,
    constrain::{Compiler, Grammar},
};

use crate::{
    console, interrupt,
    loading::{self, LoadedModel, ModelOptions},
    progress,
};
use report::{Figures, Report};
use walk::Walk;

/// Grammars of every kind, each with a text that keeps to it: name, kind, grammar, a line of four dashes, text.
const CASES: &str = include_str!("cases.txt");
/// Line between them.
const SEPARATOR: &str = "\n====\n";
/// What every text is said to be the answer to.
const QUESTION: &str = "Here is what I know. Please write it down for me, in exactly the form that was agreed on:\n";

/// Arguments of `bench grammars`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Which tokens a grammar allows next (the mask) is found on a thread of its own while the model computes the logits to choose \
from. Texts that keep to JSON schemas, expressions and grammars are given as answers, token by token; what a grammar leaves no \
choice about takes no mask. Printed are the time to find each mask with nothing beside it, and how long it is from the \
model's logits to its next call, with the grammar and without one: waiting for the mask, applying it, choosing, and asking \
what is forced. Every answer has a grammar that was compiled for it. The figure of a mask is its median over the repeats; \
p50, p99 and the longest are over masks.

Examples:
  sottovoce bench grammars
  sottovoce convert --random-weights gemma-2b --quantize int4 -o shape && sottovoce bench grammars shape --json | tail -n 1 | jq .all")]
pub struct GrammarsArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Answers to every grammar
    #[arg(long, value_name = "N", default_value = "5")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: ModelOptions,
}

/// A grammar and a text that keeps to it.
struct Case {
    name: &'static str,
    grammar: Grammar,
    text: &'static str,
}

/// Measures and prints.
///
/// # Errors
/// The model cannot be loaded or fails, or an answer does not fit its context.
pub fn run(arguments: &GrammarsArguments) -> anyhow::Result<()> {
    let LoadedModel { folder, mut model, .. } = loading::load(&arguments.model, &arguments.options)?;
    let package = model.model().package().path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let prompt = folder.tokenizer.encode(QUESTION, true)?;
    let (compiler, prepare) = timed(|| Compiler::new(Arc::clone(&folder.tokenizer), &folder.special.stop))?;
    let cases: Vec<Case> = CASES.trim_end().split(SEPARATOR).map(Case::parse).collect::<Result<_, _>>()?;
    let repeats = arguments.repeat.get();
    let bar = progress::step_bar((repeats * cases.len()) as u64).with_message("grammars");
    let mut grammars = Vec::new();
    for Case { name, grammar, text } in cases {
        let compile = || timed(|| compiler.compile(&grammar));
        let walk = Walk::new(compile()?.0, &folder.tokenizer, text).with_context(|| format!("in \"{name}\""))?;
        let mut figures = Figures::default();
        for _ in 0..repeats {
            interrupt::stop_if_asked()?;
            let (constraint, compiled) = compile()?;
            figures.compile.push(compiled.as_secs_f64());
            figures.alone.push(walk.masks(constraint, model.vocab_size())?);
            figures.within.push(walk.answer(&mut model, &prompt, Some(compile()?.0))?);
            figures.without.push(walk.answer(&mut model, &prompt, None)?);
            bar.inc(1);
        }
        grammars.push(figures.report(name, walk.tokens()).context("nothing was measured")?);
    }
    bar.finish_and_clear();
    let report = Report::new(package, model.vocab_size(), prepare, grammars).context("nothing was measured")?;
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

/// What `make` makes, and how long that takes.
fn timed<T, E>(make: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let started = Instant::now();
    Ok((make()?, started.elapsed()))
}

impl Case {
    fn parse(case: &'static str) -> anyhow::Result<Self> {
        let (head, text) = case.split_once("\n----\n").context("a case without a text")?;
        let [name, kind, grammar] = head.splitn(3, '\n').collect::<Vec<_>>()[..] else {
            bail!("a case without a grammar")
        };
        let grammar = match kind {
            "json object" => Grammar::JsonObject,
            "json schema" => Grammar::JsonSchema(serde_json::from_str(grammar)?),
            "regular expression" => Grammar::Regex(grammar.to_owned()),
            "Lark grammar" => Grammar::Lark(grammar.to_owned()),
            _ => bail!("\"{name}\" is of no kind"),
        };
        Ok(Self { name, grammar, text })
    }
}
