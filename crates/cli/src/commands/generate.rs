//! `sottovoce generate`

use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{
    generate::{Answer, GenerateOptions},
    speculate::DraftModel,
};

use crate::{
    answering::{self, AnswerOptions},
    console, input,
    loading::{self, LoadedModel, ModelOptions},
    speculating::SpeculationOptions,
};

/// Arguments of `generate`.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "sottovoce generate [OPTIONS] [MODEL] <PROMPT>",
    after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). A PROMPT of - is read
from stdin. The answer alone goes to stdout.

Examples:
  sottovoce generate \"What is the capital of Japan?\" --greedy
  sottovoce generate my-model \"Write a haiku.\" --temperature 1 --seed 7
  sottovoce generate my-model --raw \"Once upon a time\" --max-tokens 100"
)]
pub struct Arguments {
    /// Model, then prompt; the prompt alone means the default model
    #[arg(value_names = ["MODEL", "PROMPT"], num_args = 1..=2, required = true)]
    model_and_prompt: Vec<String>,
    /// What the model should be told before the prompt
    #[arg(long, value_name = "TEXT", conflicts_with = "raw")]
    system: Option<String>,
    /// Continue the prompt as it is, without the chat template
    #[arg(long)]
    raw: bool,
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
    let draft = arguments.speculation.load_draft(&arguments.model.load_options())?;
    let draft = draft.map(|draft| draft.for_session(&loaded.folder)).transpose()?;
    let mut options = arguments.answer.generate_options();
    options.speculation = arguments.speculation.speculate;
    let answer = if arguments.raw || loaded.folder.template.is_none() {
        if !arguments.raw {
            console::note("the model has no chat template: it continues the prompt as it is");
        }
        continue_text(loaded, &prompt, draft, options)?
    } else {
        let mut conversation = loaded.folder.conversation(loaded.model)?;
        conversation.set_system(arguments.system.clone());
        draft.into_iter().for_each(|draft| conversation.set_draft(draft));
        conversation.ask(&prompt, options, answering::show)?
    };
    answering::finish(&answer)
}

fn continue_text(
    loaded: LoadedModel,
    prompt: &str,
    draft: Option<DraftModel>,
    mut options: GenerateOptions,
) -> anyhow::Result<Answer> {
    options.continue_text = true;
    options.stop_tokens.extend_from_slice(&loaded.folder.special.stop);
    let ids = loaded.folder.tokenizer.encode(prompt, true)?;
    let mut session = loaded.folder.session(loaded.model);
    draft.into_iter().for_each(|draft| session.set_draft(draft));
    Ok(session.generate(&ids, options)?.run(answering::show)?)
}
