//! `sottovoce pull`

use std::io::Write;

use sottovoce_hub::{DEFAULT_MODEL, Hub};

use crate::{console, progress::PullProgress};

/// Arguments of `pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints the paths of the files. Sources are tried in order and what arrives is verified by its SHA-256; files that are in \
the cache need no network. A download that is stopped continues where it was.

Example:
  sottovoce pull smollm2-135m-instruct")]
pub struct Arguments {
    /// Catalogue name
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
}

/// Fetches the files of a model.
///
/// # Errors
/// As [`Hub::pull`].
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let hub = Hub::from_env()?;
    let model = hub.catalogue().model(&arguments.model)?;
    console::note(format_args!("{}: {} · licence {}", model.name, model.title, model.licence));
    let mut progress = PullProgress::default();
    let paths = hub.pull(&arguments.model, &mut |event| progress.observe(event))?;
    let mut out = console::stdout();
    for path in paths {
        writeln!(out, "{}", path.display())?;
    }
    Ok(())
}
