//! The command line: every command with its help.

use clap::{Parser, Subcommand};

use crate::commands::{
    ask, bench, chat, check, completions, convert, demo, generate, history, inspect, listen, models, perplexity,
    predict, pull, serve, session, speak, tokenize, transcribe,
};

/// Runs stateful Core ML language models on any machine: convert a model once, then chat with it, privately.
#[derive(Debug, Parser)]
#[command(
    name = "sottovoce",
    version,
    propagate_version = true,
    max_term_width = 120,
    after_help = "\
Examples:
  sottovoce demo                                  fetch a small model, convert it and ask it a question
  sottovoce chat                                  talk to it
  sottovoce convert model.gguf -o my-model        make a Core ML package of your own model
  sottovoce inspect my-model/*.mlpackage          see what is in a package

Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted.
Environment: SOTTOVOCE_CACHE moves the cache, SOTTOVOCE_DATA the folder with sessions and history, \
SOTTOVOCE_HISTORY names another history, SOTTOVOCE_ISA=scalar|avx2|avxvnni|avx512|neon|i8mm forces a level of SIMD, \
HF_ENDPOINT names a mirror of the Hugging Face hub, NO_COLOR turns colours off."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch a small model, convert it and ask it a question
    Demo(demo::Arguments),
    /// Talk to a model
    Chat(chat::Arguments),
    /// List, show, copy or remove the conversations that `chat --session` keeps
    Session(session::Arguments),
    /// Answer one prompt
    Generate(generate::Arguments),
    /// Make a Core ML package of a GGUF file or a Hugging Face folder
    Convert(convert::Arguments),
    /// Show what is in a package: interface, operations, weights, and whether it is a stateful language model
    Inspect(inspect::Arguments),
    /// Look for what Apple's runtimes refuse, compute wrongly or run somewhere slow in a package
    Check(check::Arguments),
    /// Run a package on arrays from npz files
    Predict(predict::Arguments),
    /// Measure how well a model predicts a text
    Perplexity(perplexity::Arguments),
    /// Show the tokens of a text, or the text of tokens
    Tokenize(tokenize::Arguments),
    /// Answer a recorded question aloud
    Ask(ask::Arguments),
    /// Talk aloud with a model, with the microphone and the loudspeaker of this machine
    Listen(listen::Arguments),
    /// Print what is said in a recording
    Transcribe(transcribe::Arguments),
    /// Say a text aloud, into a WAV file
    Speak(speak::Arguments),
    /// Serve the assistant: its page, and OpenAI's clients
    Serve(serve::Arguments),
    /// List, search, export, import or remove the conversations that `serve` keeps
    History(history::Arguments),
    /// Measure how fast a model runs here
    Bench(bench::Arguments),
    /// List the models that are here or can be fetched, or remove one
    Models(models::Arguments),
    /// Fetch the files of a catalogue model into the cache
    Pull(pull::Arguments),
    /// Show what this machine offers and what would run where
    Doctor,
    /// Print a completion script for a shell
    Completions(completions::Arguments),
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::Cli;

    /// A line that was broken by hand is broken once more by a terminal that is narrower.
    #[test]
    fn paragraphs_of_help_are_broken_by_the_terminal_alone() {
        fn check(command: &Command) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            for (line, next) in help.lines().zip(help.lines().skip(1)) {
                let in_paragraph = !next.is_empty() && !line.starts_with(' ') && !next.starts_with(' ');
                let ends = line.ends_with(['.', ':']) || line.is_empty();
                assert!(!in_paragraph || ends, "{}: {line:?} goes on in {next:?}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }
}
