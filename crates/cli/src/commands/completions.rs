//! `sottovoce completions`

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{arguments::Cli, console};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sottovoce completions bash > ~/.local/share/bash-completion/completions/sottovoce")]
pub struct Arguments {
    /// Shell to write the script for
    shell: Shell,
}

/// Prints the script.
///
/// # Errors
/// Writing to stdout fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "sottovoce", &mut script);
    Ok(std::io::Write::write_all(&mut console::stdout(), &script)?)
}
