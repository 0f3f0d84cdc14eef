//! Options of answers, and showing them as they come.

mod sampling;
mod structure;

use std::{
    fs,
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use anyhow::Context;
use sottovoce_llm::{
    generate::{Answer, FinishReason, GenerateOptions, Stats},
    load::ModelFolder,
    tools::{FunctionCall, Tool, Toolbox},
};

use crate::{console, interrupt, interrupt::Interrupted};

/// How answers are made.
#[derive(Clone, Debug, clap::Args)]
pub struct AnswerOptions {
    /// End the answer after this many tokens [default: as many as the context holds]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// End the answer before this text; may be given several times
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
    /// Offer the functions that this JSON file lists as OpenAI's interface describes them
    #[arg(long, value_name = "FILE")]
    tools: Option<PathBuf>,
    #[command(flatten)]
    sampling: sampling::SamplingOptions,
    #[command(flatten)]
    structure: structure::StructureOptions,
}

/// Options that are ready for a model: files read, grammars compiled.
pub struct Answering {
    options: GenerateOptions,
    /// The tools that are offered.
    pub toolbox: Option<Toolbox>,
    has_seed: bool,
}

impl AnswerOptions {
    /// Makes the options ready for the model of `folder`, which gets the tools to offer.
    ///
    /// # Errors
    /// A file cannot be read, a grammar is malformed, or a token is not the model's.
    pub fn prepare(&self, folder: &mut ModelFolder) -> anyhow::Result<Answering> {
        if let Some(path) = &self.tools {
            folder.offer(read_tools(path)?)?;
        }
        let toolbox = folder.template.as_ref().and_then(|template| template.toolbox().cloned());
        let options = GenerateOptions {
            sampling: self.sampling.sampling(folder)?,
            constraint: self.structure.constraint(folder)?,
            max_tokens: self.max_tokens,
            stop_tokens: folder.special.stop.clone(),
            stop_strings: self.stop.clone(),
            spelled_tokens: toolbox.as_ref().map(|tools| tools.control_tokens().to_vec()).unwrap_or_default(),
            cancel: Some(interrupt::flag()),
            ..GenerateOptions::default()
        };
        Ok(Answering { options, toolbox, has_seed: self.sampling.has_seed() })
    }
}

impl Answering {
    /// Options for the next answer, which Ctrl-C cuts short. Without a seed it is another one each time.
    pub fn next(&self) -> GenerateOptions {
        let mut options = self.options.clone();
        if !self.has_seed {
            // The hasher of the standard library is seeded by the operating system.
            let random = std::hash::RandomState::new();
            options.sampling.seed = std::hash::BuildHasher::hash_one(&random, ());
        }
        options
    }
}

fn read_tools(path: &Path) -> anyhow::Result<Vec<Tool>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let json = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
    Tool::list(json).with_context(|| format!("{} does not list tools", path.display()))
}

/// Shows pieces of an answer on stdout at once. A reader that went away ends the answer.
pub fn show(piece: &str) -> ControlFlow<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(piece.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(()),
    }
}

/// Ends the line of an answer on stdout and describes it on stderr.
///
/// # Errors
/// [`Interrupted`] when the user cut it short; stdout is closed.
pub fn finish(answer: &Answer) -> anyhow::Result<()> {
    end_line(&answer.calls)?;
    describe_end(answer.finish, answer.is_valid, &answer.stats)
}

/// Ends the line of an answer on stdout, and shows its calls, a line of JSON each.
///
/// # Errors
/// stdout is closed.
pub fn end_line(calls: &[FunctionCall]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out)?;
    for call in calls {
        writeln!(out, "{}", serde_json::to_string(call)?)?;
    }
    Ok(())
}

/// Says on stderr what an answer took, and why it ended where its own end is not the reason.
///
/// # Errors
/// [`Interrupted`] when the user cut it short.
pub fn describe_end(finish: FinishReason, is_valid: bool, stats: &Stats) -> anyhow::Result<()> {
    console::note(describe(stats));
    if !is_valid {
        console::warn("the answer was cut short: it is not yet what the grammar asks for");
    }
    match finish {
        FinishReason::Cancelled if interrupt::check().is_break() => Err(Interrupted.into()),
        FinishReason::MaxTokens | FinishReason::ContextFull => {
            console::note(format_args!("the answer ends here because {finish}"));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// ` · 84 of 120 guesses right`, where there were any.
fn guesses(stats: &Stats) -> String {
    match stats.guessed_tokens {
        0 => String::new(),
        guessed => format!(" · {} of {guessed} guesses right", stats.accepted_tokens),
    }
}

/// `first token 52 ms · 31 tokens at 98.1 tokens/s · prompt 38 tokens at 730 tokens/s`
pub fn describe(stats: &Stats) -> String {
    let rate = |rate: Option<f64>| rate.map(|rate| format!(" at {rate:.1} tokens/s")).unwrap_or_default();
    format!(
        "first token {} · {} tokens{} · prompt {} tokens{}{}",
        console::duration(stats.first_token),
        stats.generated_tokens,
        rate(stats.decode_tokens_per_second()),
        stats.prompt_tokens,
        rate(stats.prefill_tokens_per_second()),
        if stats.reused_tokens > 0 { format!(", {} of them known", stats.reused_tokens) } else { String::new() },
    ) + &guesses(stats)
}
