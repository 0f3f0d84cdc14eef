//! `sottovoce models`

use std::io::Write;

use sottovoce_hub::{Hub, Installed};

use crate::console::{self, BOLD, DIM, GREEN};

/// Arguments of `models`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  sottovoce models\n  sottovoce models rm smollm2-135m-instruct")]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the models that are here or can be fetched (the default)
    List,
    /// Remove a model and its downloads from the cache
    Rm {
        /// Name as `models list` shows it
        name: String,
    },
}

/// Lists or removes models.
///
/// # Errors
/// The cache cannot be read or changed, or holds no such model.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    let hub = Hub::from_env()?;
    match arguments.action {
        None | Some(Action::List) => list(&hub),
        Some(Action::Rm { name }) => {
            let freed = hub.cache().remove(&name)?;
            console::note(format_args!("removed {name}, {} are free again", console::bytes(freed)));
            Ok(())
        }
    }
}

fn list(hub: &Hub) -> anyhow::Result<()> {
    let installed = hub.cache().installed()?;
    let mut out = console::stdout();
    for model in &hub.catalogue().models {
        let state = match installed.iter().find(|installed| installed.name == model.name) {
            Some(installed) => describe(installed),
            None => format!("{DIM}to fetch, {}{DIM:#}", console::bytes(model.size())),
        };
        writeln!(out, "{BOLD}{}{BOLD:#}  {state}", model.name)?;
        writeln!(out, "  {}\n  {DIM}licence {} · {}{DIM:#}", model.title, model.licence, model.home)?;
    }
    for other in installed.iter().filter(|other| hub.catalogue().model(&other.name).is_err()) {
        writeln!(out, "{BOLD}{}{BOLD:#}  {}", other.name, describe(other))?;
    }
    writeln!(out, "{DIM}cache: {}{DIM:#}", hub.cache().root().display())?;
    Ok(())
}

fn describe(model: &Installed) -> String {
    let downloads = console::bytes(model.download_bytes);
    match model.folder {
        Some(_) => {
            format!("{GREEN}ready{GREEN:#}, {} and {downloads} of downloads", console::bytes(model.model_bytes))
        }
        None => format!("{downloads} of downloads"),
    }
}
