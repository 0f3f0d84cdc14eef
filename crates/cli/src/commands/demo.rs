//! `sottovoce demo`

use std::path::Path;

use anyhow::bail;
use sottovoce_hub::{DEFAULT_MODEL, Hub};
use sottovoce_llm::generate::GenerateOptions;
use sottovoce_mil::Package;
use sottovoce_voice::{
    Audio, Manner, SAMPLE_RATE,
    audio::{decode_wav, write_wav},
};

use super::ask;
use crate::{
    answering,
    console::{self, BOLD, GREEN},
    inspection::{Variant, Verdict},
    interrupt,
    loading::{self, LoadedModel, ModelOptions},
    machine, model_folder,
    talking::{self, ModelThinker, Speech},
};

/// Somebody asks for the capital of Japan.
const QUESTION: &[u8] = include_bytes!("demo-question.wav");
/// The same, where there are no ears.
const QUESTION_IN_WORDS: &str = "What is the capital of Japan?";
const ANSWER: &str = "answer.wav";
const MAX_TOKENS: usize = 128;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Fetches a small language model (98 MB, once), converts it into a stateful Core ML package, and checks the package's interface. \
Then fetches the speech models (110 MB, once), understands a recorded question, streams the model's answer and writes it as \
speech to answer.wav. Needs no network the second time. Where the speech models cannot be had, it asks and answers in text.")]
pub struct Arguments {
    #[command(flatten)]
    model: ModelOptions,
}

/// Shows the whole road, from a model file and a recorded question to an answer aloud.
///
/// # Errors
/// Any step fails, but for the speech models.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let hub = Hub::from_env()?;
    let model = hub.catalogue().model(DEFAULT_MODEL)?;
    console::note(format_args!("{} · licence {}", model.title, model.licence));
    let folder = model_folder::prepare(&hub, DEFAULT_MODEL)?;

    let loaded = loading::load(&folder.to_string_lossy(), &arguments.model)?;
    check_interface(loaded.model.model().package())?;
    let answer = match Speech::open() {
        Ok(speech) => speak(loaded, speech)?,
        Err(error) => {
            interrupt::stop_if_asked()?;
            console::warn(format_args!("no voice, so question and answer are in text: {error:#}"));
            write(loaded)?
        }
    };
    if let Some(peak) = machine::peak_memory() {
        console::note(format_args!("peak memory {}", console::bytes(peak)));
    }
    if answer.trim().is_empty() {
        bail!("the model gave no answer");
    }
    anstream::eprintln!(
        "\nNext: {BOLD}sottovoce chat{BOLD:#} to write with it, {BOLD}sottovoce serve{BOLD:#} for the page"
    );
    Ok(())
}

fn options() -> GenerateOptions {
    GenerateOptions { max_tokens: Some(MAX_TOKENS), cancel: Some(interrupt::flag()), ..GenerateOptions::default() }
}

/// Question and answer aloud. Returns the answer's text.
fn speak(loaded: LoadedModel, speech: Speech) -> anyhow::Result<String> {
    let question = decode_wav(QUESTION, Path::new("question.wav"), SAMPLE_RATE)?;
    let thinker = ModelThinker::new(loaded.folder.conversation(loaded.model)?, options);
    let parts = speech.parts(thinker, Manner::default());
    let length = |audio: &Audio| console::duration(audio.duration());
    anstream::eprintln!("\n{GREEN}listening{GREEN:#} to {} of speech", length(&question));
    let answer = talking::answer_recording(parts, &question, ask::show)?;
    answering::end_line(&[])?;
    console::note(talking::describe(&answer.latency));
    write_wav(Path::new(ANSWER), &answer.speech)?;
    anstream::eprintln!("{GREEN}spoken:{GREEN:#} {} in {BOLD}{ANSWER}{BOLD:#}", length(&answer.speech));
    Ok(answer.text)
}

/// Question and answer in text. Returns the answer.
fn write(loaded: LoadedModel) -> anyhow::Result<String> {
    anstream::eprintln!("\n{BOLD}{QUESTION_IN_WORDS}{BOLD:#}");
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    let answer = conversation.ask(QUESTION_IN_WORDS, options(), answering::show)?;
    answering::finish(&answer)?;
    Ok(answer.text)
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
