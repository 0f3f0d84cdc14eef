//! `sottovoce bench streams`

use std::{
    fmt,
    io::Write,
    num::NonZeroUsize,
    ops::ControlFlow,
    sync::{Arc, Barrier},
    thread,
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Serialize;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    LanguageModel, LlmError,
    generate::{GenerateOptions, Session},
    package::PackageModel,
    speculate::Speculation,
};
use sottovoce_runtime::Batcher;

use super::statistics::{Percentiles, Summary};
use crate::{
    console::{self, BOLD, DIM},
    interrupt,
    loading::{self, LoadedModel, ModelOptions},
    progress,
};

/// Arguments of `bench streams`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Several answers are made at the same time, as `sottovoce serve` makes them: each on a thread of its own, their passes over the \
weights joined. All begin together, with prompts of random tokens that have nothing in common. Speed is tokens of all answers \
over the time from the beginning to the last one's end, prompts included; a first token comes after what waits before it. \
Numbers of streams take turns in every repeat; figures are medians, with the lowest and the highest.

Examples:
  sottovoce bench streams
  sottovoce bench streams my-model --streams 1,8 --tokens 256 --json | tail -n 1 | jq .streams")]
pub struct StreamsArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Numbers of answers at the same time
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,4,8,16")]
    streams: Vec<NonZeroUsize>,
    /// Tokens of a prompt
    #[arg(long, value_name = "N", default_value = "32")]
    prompt: NonZeroUsize,
    /// Tokens of an answer
    #[arg(long, value_name = "N", default_value = "128")]
    tokens: NonZeroUsize,
    /// Repeats that count
    #[arg(long, value_name = "N", default_value = "3")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: ModelOptions,
}

/// What was measured.
#[derive(Debug, Serialize)]
struct Report {
    package: String,
    streams: Vec<Row>,
}

/// Figures of one number of streams.
#[derive(Debug, Serialize)]
struct Row {
    streams: usize,
    /// Tokens a second of all streams.
    speed: Summary,
    /// Seconds to the first token, of all streams and repeats.
    first_token_median: f64,
    /// The same, which 95 in 100 stay below.
    first_token_p95: f64,
}

/// What the repeats of one number of streams gave.
#[derive(Default)]
struct Samples {
    speeds: Vec<f64>,
    first_tokens: Vec<f64>,
}

/// Measures and prints.
///
/// # Errors
/// The model cannot be loaded or fails, or the answers do not fit its context.
pub fn run(arguments: &StreamsArguments) -> anyhow::Result<()> {
    let LoadedModel { folder, model, .. } = loading::load(&arguments.model, &arguments.options)?;
    let package = model.model().package().path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (context, vocab) = (model.context(), model.vocab_size());
    let needed = arguments.prompt.get() + arguments.tokens.get();
    ensure!(needed <= context, "prompt and answer are {needed} tokens, the context holds {context}");
    let batcher = Arc::new(Batcher::new(Arc::clone(model.model()))?);
    let most = arguments.streams.iter().map(|streams| streams.get()).max().context("--streams is empty")?;
    let sessions = (0..most).map(|_| Ok(folder.session(PackageModel::batched(Arc::clone(&batcher))?)));
    let mut sessions = sessions.collect::<Result<Vec<_>, LlmError>>()?;

    let mut samples: Vec<Samples> = arguments.streams.iter().map(|_| Samples::default()).collect();
    let repeats = arguments.repeat.get();
    let bar = progress::step_bar(((1 + repeats) * samples.len()) as u64).with_message("streams");
    for repeat in 0..=repeats {
        for (streams, samples) in arguments.streams.iter().zip(&mut samples) {
            interrupt::stop_if_asked()?;
            let (speed, first_tokens) = measure(&mut sessions[..streams.get()], vocab, arguments)?;
            // The first round warms up.
            if repeat > 0 {
                samples.speeds.push(speed);
                samples.first_tokens.extend(first_tokens);
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let rows = arguments.streams.iter().zip(samples).map(|(streams, samples)| Row::of(streams.get(), samples));
    let report = Report { package, streams: rows.collect::<Option<_>>().context("nothing was measured")? };
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

/// Answers on all sessions at the same time: tokens a second, and seconds to each first token.
fn measure(
    sessions: &mut [Session<PackageModel>],
    vocab: usize,
    arguments: &StreamsArguments,
) -> anyhow::Result<(f64, Vec<f64>)> {
    let (prompt, tokens) = (arguments.prompt.get(), arguments.tokens.get());
    let options = GenerateOptions {
        max_tokens: Some(tokens),
        // Guesses would be right more often than in real text: these answers repeat themselves.
        speculation: Speculation::Off,
        cancel: Some(interrupt::flag()),
        ..GenerateOptions::default()
    };
    let begin = Barrier::new(sessions.len());
    let count = sessions.len();
    let started = Instant::now();
    let first_tokens = thread::scope(|scope| {
        let streams = sessions.iter_mut().enumerate().map(|(number, session)| {
            let (options, begin) = (options.clone(), &begin);
            let ids: Vec<u32> = (0..prompt).map(|at| ((number * 7919 + at * 104_729 + 1) % vocab) as u32).collect();
            scope.spawn(move || {
                session.reset();
                begin.wait();
                let answer = session.generate(&ids, options)?.run(|_| ControlFlow::Continue(()))?;
                Ok(answer.stats.first_token.as_secs_f64())
            })
        });
        let streams: Vec<_> = streams.collect();
        let results = streams.into_iter().map(|stream| match stream.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect::<Result<Vec<f64>, LlmError>>()
    })?;
    interrupt::stop_if_asked()?;
    Ok(((count * tokens) as f64 / started.elapsed().as_secs_f64(), first_tokens))
}

impl Row {
    fn of(streams: usize, samples: Samples) -> Option<Self> {
        let Percentiles { p50: first_token_median, p95: first_token_p95, .. } = Percentiles::of(samples.first_tokens)?;
        Some(Self { streams, speed: Summary::of(samples.speeds)?, first_token_median, first_token_p95 })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BOLD}{}{BOLD:#}", self.package)?;
        writeln!(f, "{DIM}streams   tokens/s    lowest   highest   times one   first token p50      p95{DIM:#}")?;
        let one = self.streams.iter().find(|row| row.streams == 1).map(|row| row.speed.median);
        for Row { streams, speed, first_token_median, first_token_p95 } in &self.streams {
            let times = one.map_or_else(|| "-".to_owned(), |one| format!("{:.2}", speed.median / one));
            writeln!(
                f,
                "{streams:>7} {:>10.0} {:>9.0} {:>9.0} {times:>11} {:>14.0} ms {:>5.0} ms",
                speed.median,
                speed.lowest,
                speed.highest,
                first_token_median * 1e3,
                first_token_p95 * 1e3,
            )?;
        }
        Ok(())
    }
}
