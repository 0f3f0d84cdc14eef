//! `sottovoce generate`

use std::{io::Write, num::NonZeroU64, ops::ControlFlow, sync::Arc};

use serde_json::{Value, json};
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    chat::Message,
    generate::{FinishReason, GenerateOptions, Generation, Session, Stats},
    load::ModelFolder,
    package::PackageModel,
    tokenizer::Tokenizer,
    tools::{FunctionCall, ToolParser, Toolbox},
};

use crate::{
    answering::{self, AnswerOptions},
    console, input,
    interrupt::Interrupted,
    loading::{self, ModelOptions},
    speculating::SpeculationOptions,
};

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "sottovoce generate [OPTIONS] [MODEL] <PROMPT>",
    after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). A PROMPT of - is read \
from stdin. The answer alone goes to stdout; calls of tools follow it, a line of JSON each.

Examples:
  sottovoce generate \"What is the capital of Japan?\" --greedy
  sottovoce generate my-model \"Write a haiku.\" --temperature 1 --min-p 0.05 --seed 7 --n 3
  sottovoce generate my-model --raw \"Once upon a time\" --max-tokens 100
  sottovoce generate \"Name a city and its country, as JSON.\" --json-schema city.json
  sottovoce generate \"Is water wet? Answer yes or no.\" --regex \"(yes|no)\" --json --logprobs 3"
)]
pub struct Arguments {
    /// Model, then prompt; the prompt alone means the default model
    #[arg(value_names = ["MODEL", "PROMPT"], num_args = 1..=2, required = true)]
    model_and_prompt: Vec<String>,
    /// What the model should be told before the prompt
    #[arg(long, value_name = "TEXT", conflicts_with = "raw")]
    system: Option<String>,
    /// Continue the prompt as it is, without the chat template
    #[arg(long, conflicts_with = "tools")]
    raw: bool,
    /// Give this many answers, which the seed and their number determine; the prompt is computed once
    #[arg(long, value_name = "N")]
    n: Option<NonZeroU64>,
    /// Print the answers as one line of JSON, with how they ended and what they took
    #[arg(long)]
    json: bool,
    /// With --json: add ln p of every token, and of this many most likely ones in its place
    #[arg(long, value_name = "N", requires = "json")]
    logprobs: Option<usize>,
    #[command(flatten)]
    answer: AnswerOptions,
    #[command(flatten)]
    speculation: SpeculationOptions,
    #[command(flatten)]
    model: ModelOptions,
}

/// Answers one prompt.
///
/// # Errors
/// The model cannot be loaded or fails, the prompt does not fit, or the user stops it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (model, prompt) = match &arguments.model_and_prompt[..] {
        [model, prompt] => (model.as_str(), prompt),
        [prompt] => (DEFAULT_MODEL, prompt),
        _ => unreachable!("clap takes one or two"),
    };
    let prompt = input::argument_or_stdin(prompt)?;
    let loaded = loading::load(model, &arguments.model)?;
    let mut folder = loaded.folder;
    let answering = arguments.answer.prepare(&mut folder)?;
    let draft = arguments.speculation.load_draft(&arguments.model.load_options())?;
    let draft = draft.map(|draft| draft.for_session(&folder)).transpose()?;
    let mut options = answering.next();
    options.speculation = arguments.speculation.speculate;
    options.sampling.log_probabilities = arguments.logprobs;
    let ids = arguments.encode(&prompt, &folder, &mut options)?;
    if arguments.n.is_some() {
        // The last token is computed alone for every answer, so that the first is computed like the others.
        options.shared_prefix = ids.len().saturating_sub(1);
    }
    let mut session = folder.session(loaded.model);
    draft.into_iter().for_each(|draft| session.set_draft(draft));
    let count = arguments.n.map_or(1, NonZeroU64::get);
    let mut answers = Vec::new();
    for index in 0..count {
        if count > 1 {
            console::note(format_args!("answer {} of {count}", index + 1));
        }
        options.sampling.index = index;
        let parser = answering.toolbox.as_ref().map(Toolbox::parser);
        let answer = arguments.answer(&mut session, &ids, options.clone(), parser)?;
        let stopped = answering::describe_end(answer.finish, answer.is_valid, &answer.stats);
        answers.push(answer.report(index));
        if stopped.as_ref().is_err_and(|error| error.is::<Interrupted>()) && arguments.json {
            print_json(&ids, &answers)?;
        }
        stopped?;
    }
    if arguments.json { print_json(&ids, &answers) } else { Ok(()) }
}

impl Arguments {
    /// The tokens of the prompt.
    fn encode(&self, prompt: &str, folder: &ModelFolder, options: &mut GenerateOptions) -> anyhow::Result<Vec<u32>> {
        let Some(template) = folder.template.as_ref().filter(|_| !self.raw) else {
            if !self.raw {
                console::note("the model has no chat template: it continues the prompt as it is");
            }
            options.continue_text = true;
            return Ok(folder.tokenizer.encode(prompt, true)?);
        };
        let system = self.system.iter().map(Message::system);
        let messages: Vec<Message> = system.chain([Message::user(prompt)]).collect();
        Ok(template.encode(&messages, &folder.special, &folder.tokenizer)?)
    }

    /// Makes an answer and shows it as it comes, unless it is for a report.
    fn answer(
        &self,
        session: &mut Session<PackageModel>,
        prompt: &[u32],
        options: GenerateOptions,
        tools: Option<ToolParser>,
    ) -> anyhow::Result<Made> {
        let tokenizer = Arc::clone(session.tokenizer());
        let made = Made::from(session.generate(prompt, options)?, tools, &tokenizer, |piece| {
            if self.json { ControlFlow::Continue(()) } else { answering::show(piece) }
        })?;
        if !self.json {
            answering::end_line(&made.calls)?;
        }
        Ok(made)
    }
}

/// An answer with all that can be told about it.
struct Made {
    text: String,
    finish: FinishReason,
    is_valid: bool,
    stats: Stats,
    calls: Vec<FunctionCall>,
    log_probabilities: Vec<Value>,
}

impl Made {
    fn from(
        mut generation: Generation<'_, PackageModel>,
        mut tools: Option<ToolParser>,
        tokenizer: &Tokenizer,
        mut on_text: impl FnMut(&str) -> ControlFlow<()>,
    ) -> anyhow::Result<Self> {
        let (mut text, mut piece) = (String::new(), String::new());
        let (mut finish, mut calls, mut log_probabilities) = (FinishReason::Cancelled, Vec::new(), Vec::new());
        while let Some(chunk) = generation.step()? {
            finish = chunk.finish.unwrap_or(finish);
            if let (Some(id), Some(ln_p)) = (chunk.id, chunk.log_probability) {
                let token = |(id, ln_p)| json!({ "id": id, "token": tokenizer.decode(&[id]), "logprob": ln_p });
                let mut entry = token((id, ln_p));
                entry["top"] = chunk.alternatives.iter().copied().map(token).collect();
                log_probabilities.push(entry);
            }
            piece.clear();
            match &mut tools {
                Some(parser) => parser.push(chunk.text, &mut piece),
                None => piece.push_str(chunk.text),
            }
            if chunk.finish.is_some()
                && let Some(parser) = tools.take()
            {
                calls = parser.finish(&mut piece);
            }
            text.push_str(&piece);
            if !piece.is_empty() && on_text(&piece).is_break() {
                break;
            }
        }
        let (is_valid, stats) = (generation.is_valid(), generation.stats());
        Ok(Self { text, finish, is_valid, stats, calls, log_probabilities })
    }

    /// What scripts get to know.
    fn report(self, index: u64) -> Value {
        let finish = match self.finish {
            _ if !self.calls.is_empty() => "tool_calls",
            FinishReason::MaxTokens | FinishReason::ContextFull => "length",
            FinishReason::Cancelled => "cancelled",
            _ => "stop",
        };
        let mut report = json!({
            "index": index,
            "text": self.text,
            "finish_reason": finish,
            "is_valid": self.is_valid,
            "completion_tokens": self.stats.generated_tokens,
            "guessed_tokens": self.stats.guessed_tokens,
            "accepted_tokens": self.stats.accepted_tokens,
            "first_token_seconds": self.stats.first_token.as_secs_f64(),
            "decode_tokens_per_second": self.stats.decode_tokens_per_second(),
        });
        if !self.calls.is_empty() {
            report["tool_calls"] = json!(self.calls);
        }
        if !self.log_probabilities.is_empty() {
            report["logprobs"] = Value::Array(self.log_probabilities);
        }
        report
    }
}

fn print_json(prompt: &[u32], answers: &[Value]) -> anyhow::Result<()> {
    let completion: u64 = answers.iter().filter_map(|answer| answer["completion_tokens"].as_u64()).sum();
    let usage = json!({ "prompt_tokens": prompt.len(), "completion_tokens": completion });
    writeln!(std::io::stdout(), "{}", json!({ "answers": answers, "usage": usage }))?;
    Ok(())
}
