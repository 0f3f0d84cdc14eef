//! The `sottovoce` command.

mod answering;
mod arguments;
mod calibration;
mod chart;
mod commands;
mod console;
mod data_folder;
mod history_place;
mod input;
mod inspection;
mod interrupt;
mod lines;
#[cfg(feature = "listen")]
mod listening;
mod loading;
mod machine;
mod model_folder;
mod progress;
mod sessions;
mod speculating;
mod talking;
mod voice;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Cli, Command};
use interrupt::Interrupted;
use sottovoce_convert::ConvertError;
use sottovoce_hub::HubError;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = interrupt::install().and_then(|()| match cli.command {
        Command::Demo(arguments) => commands::demo::run(&arguments),
        Command::Chat(arguments) => commands::chat::run(&arguments),
        Command::Session(arguments) => commands::session::run(&arguments),
        Command::Generate(arguments) => commands::generate::run(&arguments),
        Command::Convert(arguments) => commands::convert::run(&arguments),
        Command::Inspect(arguments) => commands::inspect::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Predict(arguments) => commands::predict::run(&arguments),
        Command::Perplexity(arguments) => commands::perplexity::run(&arguments),
        Command::Tokenize(arguments) => commands::tokenize::run(&arguments),
        Command::Ask(arguments) => commands::ask::run(&arguments),
        Command::Listen(arguments) => commands::listen::run(&arguments),
        Command::Transcribe(arguments) => commands::transcribe::run(&arguments),
        Command::Serve(arguments) => commands::serve::run(&arguments),
        Command::History(arguments) => commands::history::run(&arguments),
        Command::Speak(arguments) => commands::speak::run(&arguments),
        Command::Bench(arguments) => commands::bench::run(&arguments),
        Command::Models(arguments) => commands::models::run(arguments),
        Command::Pull(arguments) => commands::pull::run(&arguments),
        Command::Doctor => commands::doctor::run(),
        Command::Completions(arguments) => commands::completions::run(&arguments),
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, `sottovoce inspect … | head` for instance.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if is_interruption(&error) => {
            console::note("stopped");
            ExitCode::from(130)
        }
        Err(error) => {
            console::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.map(std::io::Error::kind).any(|kind| kind == std::io::ErrorKind::BrokenPipe)
}

fn is_interruption(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.is::<Interrupted>()
            || matches!(cause.downcast_ref(), Some(HubError::Cancelled))
            || matches!(cause.downcast_ref(), Some(ConvertError::Cancelled))
    })
}
