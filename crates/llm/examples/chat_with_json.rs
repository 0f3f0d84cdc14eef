//! A conversation in an application: answers stream, earlier turns cost nothing again, and the last answer is JSON of a
//! given schema.
//!
//! usage: chat_with_json MODEL_FOLDER

use std::{
    error::Error,
    io::{Write, stdout},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use serde_json::{Value, json};
use sottovoce_llm::{
    constrain::{Compiler, Grammar},
    generate::GenerateOptions,
    load::ModelFolder,
    package::PackageModel,
};
use sottovoce_runtime::{LoadOptions, Model};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: chat_with_json MODEL_FOLDER")?;
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

    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string", "maxLength": 30 }, "country": { "type": "string", "maxLength": 30 } },
        "required": ["city", "country"],
        "additionalProperties": false,
    });
    // Made once for a tokenizer; a constraint is for one answer.
    let compiler = Compiler::new(Arc::clone(&folder.tokenizer), &folder.special.stop)?;
    let constraint = Some(compiler.compile(&Grammar::JsonSchema(schema))?);
    let question = "Name the city and its country as JSON.";
    println!("\n> {question}");
    let answer = conversation.ask(question, GenerateOptions { constraint, ..options }, show)?;
    let parsed: Value = serde_json::from_str(&answer.text)?;
    println!("\n[the city is {}]", parsed["city"]);
    Ok(())
}

fn show(text: &str) -> ControlFlow<()> {
    print!("{text}");
    // A reader who has gone ends the answer.
    if stdout().flush().is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
}
