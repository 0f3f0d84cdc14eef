//! `sottovoce demo`

use anyhow::bail;
use sottovoce_hub::{DEFAULT_MODEL, Hub};
use sottovoce_llm::generate::GenerateOptions;
use sottovoce_mil::Package;

use crate::{
    answering,
    console::{self, BOLD, GREEN},
    inspection::{Variant, Verdict},
    interrupt,
    loading::{self, ModelOptions},
    machine, model_folder,
};

const QUESTION: &str = "What is the capital of Japan?";
const MAX_TOKENS: usize = 128;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Fetches a small model (98 MB, once), converts it into a stateful Core ML package, checks the package's interface, asks the
model a question and streams its answer. Needs no network the second time.")]
pub struct Arguments {
    #[command(flatten)]
    model: ModelOptions,
}

/// Shows the whole road, from a model file to an answer.
///
/// # Errors
/// Any step fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let hub = Hub::from_env()?;
    let model = hub.catalogue().model(DEFAULT_MODEL)?;
    console::note(format_args!("{} · licence {}", model.title, model.licence));
    let folder = model_folder::prepare(&hub, DEFAULT_MODEL)?;

    let loaded = loading::load(&folder.to_string_lossy(), &arguments.model)?;
    check_interface(loaded.model.model().package())?;

    anstream::eprintln!("\n{BOLD}{QUESTION}{BOLD:#}");
    let options =
        GenerateOptions { max_tokens: Some(MAX_TOKENS), cancel: Some(interrupt::flag()), ..Default::default() };
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    let answer = conversation.ask(QUESTION, options, answering::show)?;
    answering::finish(&answer)?;
    if let Some(peak) = machine::peak_memory() {
        console::note(format_args!("peak memory {}", console::bytes(peak)));
    }
    if answer.text.trim().is_empty() {
        bail!("the model gave no answer");
    }
    anstream::eprintln!("\nNext: {BOLD}sottovoce chat{BOLD:#}");
    Ok(())
}

fn check_interface(package: &Package) -> anyhow::Result<()> {
    match Verdict::of(package, package.default_function()) {
        Verdict::LanguageModel { variant: Variant::Stateful, context, vocabulary, .. } => {
            let text = format!("a stateful language model, context {context}, vocabulary {vocabulary}");
            anstream::eprintln!("{GREEN}interface checked:{GREEN:#} {text}");
            Ok(())
        }
        verdict => bail!("{} should be a stateful language model, but is {verdict:?}", package.path().display()),
    }
}
