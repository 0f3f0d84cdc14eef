//! A conversation in an application: answers stream, and earlier turns cost nothing again.
//!
//! usage: streaming_chat MODEL_FOLDER

use std::{
    error::Error,
    io::{Write, stdout},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use sottovoce_llm::{generate::GenerateOptions, load::ModelFolder, package::PackageModel};
use sottovoce_runtime::{LoadOptions, Model};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: streaming_chat MODEL_FOLDER")?;
    run(Path::new(&folder))
}

fn run(path: &Path) -> Result<(), Box<dyn Error>> {
    let folder = ModelFolder::open(path)?;
    let (model, report) = folder.packages.load(|package| {
        let model = Model::load(&package.path, &LoadOptions::default())?;
        Ok::<_, Box<dyn Error>>(PackageModel::new(Arc::new(model))?)
    })?;
    println!("{report}");
    let mut conversation = folder.conversation(model)?;
    conversation.set_system(Some("You are a helpful assistant. Answer in one sentence.".to_owned()));

    let options = GenerateOptions { max_tokens: Some(60), ..GenerateOptions::default() };
    for question in ["What is the capital of Japan?", "What language do people speak there?"] {
        println!("\n> {question}");
        let answer = conversation.ask(question, options.clone(), show)?;
        let stats = answer.stats;
        println!("\n[{} of {} prompt tokens were there already]", stats.reused_tokens, stats.prompt_tokens);
    }
    Ok(())
}

fn show(text: &str) -> ControlFlow<()> {
    print!("{text}");
    // A reader who has gone ends the answer.
    if stdout().flush().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
