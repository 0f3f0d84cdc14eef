//! A voice assistant that is interrupted: the answer stops at once, what was not heard is taken back from the text and from
//! the state, and the conversation goes on from there without computing anything twice.
//!
//! usage: interrupted_answer MODEL_FOLDER

use std::{error::Error, ops::ControlFlow, path::Path, sync::Arc};

use sottovoce_llm::{generate::GenerateOptions, load::ModelFolder, package::PackageModel};
use sottovoce_runtime::{LoadOptions, Model};

/// The listener speaks up after this many pieces of text.
const PIECES: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: interrupted_answer MODEL_FOLDER")?;
    run(Path::new(&folder))
}

fn run(path: &Path) -> Result<(), Box<dyn Error>> {
    let folder = ModelFolder::open(path)?;
    let (model, _) = folder.packages.load(|package| {
        let model = Model::load(&package.path, &LoadOptions::default())?;
        Ok::<_, Box<dyn Error>>(PackageModel::new(Arc::new(model))?)
    })?;
    let mut conversation = folder.conversation(model)?;
    let options = GenerateOptions { max_tokens: Some(60), ..GenerateOptions::default() };

    // From another thread, `GenerateOptions::cancel` does the same.
    let mut pieces = 0;
    let answer = conversation.ask("Tell me about the sea.", options.clone(), |_| {
        pieces += 1;
        if pieces < PIECES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    println!("said:  {}", answer.text);
    let before = conversation.session().held().len();

    // Two thirds of it, in whole words: playback knows which word it was at.
    let spoken: String = answer.text.chars().take(answer.text.chars().count() * 2 / 3).collect();
    let heard = spoken.rsplit_once(' ').map_or("", |(words, _)| words);
    conversation.truncate_answer(heard.chars().count())?;
    println!("heard: {heard}");
    println!("[the state went back from {before} to {} tokens]", conversation.session().held().len());

    let answer = conversation.ask("Wait. What is the capital of Japan?", options, |_| ControlFlow::Continue(()))?;
    println!("then:  {}", answer.text);
    let stats = answer.stats;
    println!("[{} of {} prompt tokens were there already]", stats.reused_tokens, stats.prompt_tokens);
    Ok(())
}
