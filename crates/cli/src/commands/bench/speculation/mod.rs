//! `sottovoce bench speculation`

mod report;

use std::{
    io::Write,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    LanguageModel,
    generate::{Answer, GenerateOptions},
    load::ModelFolder,
    package::PackageModel,
    sampling::Sampling,
    speculate::Speculation,
};
use sottovoce_runtime::Model;

use crate::{
    console, interrupt,
    loading::{self, LoadedModel, ModelOptions},
    progress,
    speculating::SpeculationOptions,
};
use report::{Report, Sample, SetReport};

/// Texts to be repeated with changes, written for this measurement, each with the beginning of what is asked for.
const EDITS: &str = include_str!("edits.txt");
/// More of the kind, which came later: nothing was tuned on them, and none was left out for what a model made of it.
const HELD_OUT: &str = include_str!("edits_held_out.txt");
/// Beginnings of texts in which nothing is given that could be repeated.
const BEGINNINGS: &str = include_str!("beginnings.txt");
/// Line between prompts.
const SEPARATOR: &str = "\n====\n";
/// What ends an edit: the blank line after it.
const END_OF_EDIT: &str = "\n\n";
/// Rows of calls that are timed, as far as the model computes them alike.
const ROWS: [usize; 4] = [1, 2, 4, 8];

/// Arguments of `bench speculation`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every prompt is answered with and without guesses in turn, each time in a new session, in a number of repeats; an answer has \
to be the same both times. Edits repeat a text with changes and are chosen greedily, up to a blank line; on those that are \
held out nothing was tuned. New text goes on from a beginning and is drawn at temperature 1, so that little in it repeats. \
Speeds are tokens a second after the first token, over all prompts of a kind; a ratio is that of one repeat, and figures are \
medians, with the lowest and the highest.

Examples:
  sottovoce bench speculation
  sottovoce bench speculation my-model --repeat 9 --json | tail -n 1 | jq .sets
  sottovoce bench speculation my-large-model --draft my-small-model")]
pub struct SpeculationArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// The most tokens of an answer
    #[arg(long, value_name = "N", default_value = "128")]
    tokens: NonZeroUsize,
    /// Repeats that count
    #[arg(long, value_name = "N", default_value = "5")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    speculation: SpeculationOptions,
    #[command(flatten)]
    options: ModelOptions,
}

/// Prompts of a kind.
struct Set {
    name: &'static str,
    prompts: Vec<Vec<u32>>,
    options: GenerateOptions,
}

/// Measures and prints.
///
/// # Errors
/// The model cannot be loaded or fails, a prompt does not fit it, or speculation changes an answer.
pub fn run(arguments: &SpeculationArguments) -> anyhow::Result<()> {
    let LoadedModel { folder, model, .. } = loading::load(&arguments.model, &arguments.options)?;
    let package = model.model().package().path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let model = Arc::clone(model.model());
    let draft = arguments.speculation.load_draft(&arguments.options.load_options())?;
    let ask = |prompt: &[u32], options: GenerateOptions| -> anyhow::Result<Answer> {
        interrupt::stop_if_asked()?;
        let mut session = folder.session(PackageModel::new(Arc::clone(&model))?);
        if options.speculation != Speculation::Off
            && let Some(draft) = &draft
        {
            session.set_draft(draft.for_session(&folder)?);
        }
        Ok(session.generate(prompt, options)?.run(|_| ControlFlow::Continue(()))?)
    };
    let mut sets = Vec::new();
    for set in sets_of(&folder, arguments.tokens.get())? {
        sets.push(measure(&set, arguments, ask)?);
    }
    let report = Report { package, rows: row_costs(&model, arguments.repeat.get())?, sets };
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

fn sets_of(folder: &ModelFolder, tokens: usize) -> anyhow::Result<[Set; 3]> {
    let prompts = |text: &str| {
        let prompts = text.trim_end().split(SEPARATOR);
        prompts.map(|prompt| folder.tokenizer.encode(prompt, true)).collect::<Result<Vec<_>, _>>()
    };
    let options = GenerateOptions {
        max_tokens: Some(tokens),
        stop_tokens: folder.special.stop.clone(),
        continue_text: true,
        cancel: Some(interrupt::flag()),
        ..GenerateOptions::default()
    };
    let warm = Sampling { temperature: 1.0, seed: 1, ..Sampling::GREEDY };
    let edit = GenerateOptions { stop_strings: vec![END_OF_EDIT.to_owned()], ..options.clone() };
    Ok([
        Set { name: "edits", prompts: prompts(EDITS)?, options: edit.clone() },
        Set { name: "held out", prompts: prompts(HELD_OUT)?, options: edit },
        Set { name: "new text", prompts: prompts(BEGINNINGS)?, options: GenerateOptions { sampling: warm, ..options } },
    ])
}

/// Answers every prompt of a set with and without guesses; the first round warms up and does not count.
fn measure(
    set: &Set,
    arguments: &SpeculationArguments,
    mut ask: impl FnMut(&[u32], GenerateOptions) -> anyhow::Result<Answer>,
) -> anyhow::Result<SetReport> {
    let repeats = arguments.repeat.get();
    let bar = progress::step_bar(((1 + repeats) * set.prompts.len()) as u64).with_message(set.name);
    let mut samples = Vec::new();
    for repeat in 0..=repeats {
        let mut sample = Sample::default();
        for (index, prompt) in set.prompts.iter().enumerate() {
            let mut answer = |speculation| ask(prompt, GenerateOptions { speculation, ..set.options.clone() });
            let speculation = arguments.speculation.speculate;
            // Who goes first changes, so that what the other leaves in caches favours neither.
            let (plain, fast) = if (repeat + index) % 2 == 0 {
                let plain = answer(Speculation::Off)?;
                (plain, answer(speculation)?)
            } else {
                let fast = answer(speculation)?;
                (answer(Speculation::Off)?, fast)
            };
            ensure!(
                (&plain.text, plain.finish) == (&fast.text, fast.finish),
                "speculation changed an answer, which is a fault of this program: {:?} became {:?}",
                plain.text,
                fast.text
            );
            sample.add(&plain.stats, &fast.stats);
            bar.inc(1);
        }
        if repeat > 0 {
            samples.push(sample);
        }
    }
    bar.finish_and_clear();
    SetReport::of(set.name, set.prompts.len(), &samples)
}

/// The median time of calls of each of [`ROWS`] that give all logits, by turns, behind as many tokens as an edit has.
fn row_costs(model: &Arc<Model>, repeats: usize) -> anyhow::Result<Vec<(usize, f64)>> {
    const DEPTH: usize = 128;
    const CALLS: usize = 8;
    let mut model = PackageModel::new(Arc::clone(model))?;
    let depth = DEPTH.min(model.context().saturating_sub(ROWS[ROWS.len() - 1]));
    let ids: Vec<u32> = (0..depth as u32).map(|id| id % model.vocab_size() as u32).collect();
    for ids in ids.chunks(model.max_rows()) {
        model.forward(ids)?;
    }
    let rows: Vec<usize> = ROWS.into_iter().filter(|&rows| rows <= model.independent_rows()).collect();
    let mut times = vec![Vec::new(); rows.len()];
    for _ in 0..repeats * CALLS {
        for (&rows, times) in rows.iter().zip(&mut times) {
            interrupt::stop_if_asked()?;
            let started = Instant::now();
            model.forward_all(&ids[..rows], &mut |_| {})?;
            times.push(started.elapsed());
            model.rewind(depth);
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    Ok(rows.into_iter().zip(times.into_iter().map(median)).collect())
}
