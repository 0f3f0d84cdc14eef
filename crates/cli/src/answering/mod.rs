//! Options of answers, and showing them as they come.

use std::{io::Write, ops::ControlFlow};

use sottovoce_llm::{
    generate::{Answer, FinishReason, GenerateOptions, Stats},
    sampling::Sampling,
};

use crate::{console, interrupt, interrupt::Interrupted};

/// How answers are made.
#[derive(Clone, Debug, clap::Args)]
pub struct AnswerOptions {
    /// Always take the most likely token
    #[arg(long, conflicts_with_all = ["temperature", "top_k", "seed"])]
    greedy: bool,
    /// Below 1 favours likely tokens, above 1 unlikely ones
    #[arg(long, value_name = "T", default_value_t = 0.7)]
    temperature: f32,
    /// Choose among this many most likely tokens
    #[arg(long, value_name = "K", default_value_t = 40)]
    top_k: usize,
    /// Seed of the random choices [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// End the answer after this many tokens [default: as many as the context holds]
    #[arg(long, value_name = "N")]
    max_tokens: Option<usize>,
    /// End the answer before this text; may be given several times
    #[arg(long, value_name = "TEXT")]
    stop: Vec<String>,
}

impl AnswerOptions {
    /// Options for the next answer, which Ctrl-C cuts short.
    pub fn generate_options(&self) -> GenerateOptions {
        let seed = || {
            // The hasher of the standard library is seeded by the operating system.
            std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), ())
        };
        let sampling = if self.greedy {
            Sampling::GREEDY
        } else {
            Sampling {
                temperature: self.temperature,
                top_k: Some(self.top_k),
                seed: self.seed.unwrap_or_else(seed),
                ..Sampling::GREEDY
            }
        };
        GenerateOptions {
            sampling,
            max_tokens: self.max_tokens,
            stop_strings: self.stop.clone(),
            cancel: Some(interrupt::flag()),
            ..GenerateOptions::default()
        }
    }
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
    writeln!(std::io::stdout())?;
    console::note(describe(&answer.stats));
    match answer.finish {
        FinishReason::Cancelled if interrupt::check().is_break() => Err(Interrupted.into()),
        FinishReason::StopToken | FinishReason::StopString | FinishReason::Cancelled => Ok(()),
        reason => {
            console::note(format_args!("the answer ends here because {reason}"));
            Ok(())
        }
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
