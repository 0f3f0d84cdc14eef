//! `sottovoce bench turns`

use std::{io::Write, num::NonZeroUsize, ops::ControlFlow, time::Instant};

use anyhow::ensure;
use serde::Serialize;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::generate::GenerateOptions;

use super::statistics::Summary;
use crate::{
    console::{self, BOLD, DIM},
    interrupt,
    loading::{self, LoadedModel, ModelOptions},
};

/// The question of every turn.
const QUESTION: &str = "Tell me one more thing about the sea, and say why it is so.";
/// Turns of a conversation, and the one that the last is compared with: the first computes the system prompt too.
const TURNS: usize = 10;
const FIRST: usize = 2;

/// Arguments of `bench turns`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A conversation asks the same question ten times. The state is kept, so that a turn computes what is new to it and nothing \
else: the first token of the tenth answer should take at most 1.2 times as long as that of the second. What it takes longer \
is attention to the turns before.

Examples:
  sottovoce bench turns
  sottovoce bench turns my-model --answer 64 --repeat 9 --json | tail -n 1 | jq .ratio")]
pub struct TurnsArguments {
    /// Catalogue name, model folder, or package
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// The most tokens of an answer
    #[arg(long, value_name = "N", default_value = "32")]
    answer: NonZeroUsize,
    /// Conversations
    #[arg(long, value_name = "N", default_value = "5")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: ModelOptions,
}

#[derive(Serialize)]
struct Report {
    turns: Vec<Turn>,
    /// Median time to the first token of the last turn by that of the second.
    ratio: f64,
}

#[derive(Serialize)]
struct Turn {
    turn: usize,
    /// Tokens of the prompt, most of which are known.
    prompt_tokens: usize,
    /// Those that had to be computed.
    new_tokens: usize,
    first_token_seconds: Summary,
}

/// Measures the time to the first token, turn by turn.
///
/// # Errors
/// The model cannot be loaded or fails, or its context does not hold ten turns.
pub fn run(arguments: &TurnsArguments) -> anyhow::Result<()> {
    let LoadedModel { folder, model, .. } = loading::load(&arguments.model, &arguments.options)?;
    let mut conversation = folder.conversation(model)?;
    let options = GenerateOptions {
        max_tokens: Some(arguments.answer.get()),
        cancel: Some(interrupt::flag()),
        ..GenerateOptions::default()
    };
    let mut times = vec![Vec::new(); TURNS];
    let mut sizes = vec![(0, 0); TURNS];
    for _ in 0..arguments.repeat.get() {
        conversation.reset();
        for turn in 0..TURNS {
            let started = Instant::now();
            let answer = conversation.ask(QUESTION, options.clone(), |_| ControlFlow::Continue(()))?;
            interrupt::stop_if_asked()?;
            let stats = answer.stats;
            ensure!(stats.generated_tokens > 0, "the context is full in turn {}", turn + 1);
            // All but the rest of the answer: spelling the prompt counts too.
            times[turn].push(started.elapsed().saturating_sub(stats.decode).as_secs_f64());
            sizes[turn] = (stats.prompt_tokens, stats.prompt_tokens - stats.reused_tokens);
        }
    }
    let turns = times.into_iter().zip(sizes).enumerate().skip(FIRST - 1);
    let turns: Vec<Turn> = turns
        .filter_map(|(index, (times, (prompt_tokens, new_tokens)))| {
            Some(Turn { turn: index + 1, prompt_tokens, new_tokens, first_token_seconds: Summary::of(times)? })
        })
        .collect();
    let median = |turn: Option<&Turn>| turn.map_or(f64::NAN, |turn| turn.first_token_seconds.median);
    let ratio = median(turns.last()) / median(turns.first());

    let mut out = console::stdout();
    writeln!(out, "{BOLD}turn  prompt  new  first token, ms  (lowest to highest){BOLD:#}")?;
    for Turn { turn, prompt_tokens, new_tokens, first_token_seconds: time } in &turns {
        let [median, lowest, highest] = [time.median, time.lowest, time.highest].map(|seconds| seconds * 1e3);
        writeln!(out, "{turn:4}  {prompt_tokens:6}  {new_tokens:3}  {median:15.2}  ({lowest:.2} to {highest:.2})")?;
    }
    writeln!(out, "turn {TURNS} takes {ratio:.2} times as long as turn {FIRST} {DIM}(aim: at most 1.20){DIM:#}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&Report { turns, ratio })?)?;
    }
    Ok(())
}
