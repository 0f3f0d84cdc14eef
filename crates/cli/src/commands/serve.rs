//! `sottovoce serve`

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    sync::Arc,
};

use anyhow::Context;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_server::{
    Server, ServerOptions, Services,
    engine::{Backend, Engine, EngineOptions},
};

use crate::{
    console, interrupt,
    loading::{self, ModelOptions},
};

/// Arguments of `serve`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). Clients ask for it by
its name or as \"default\"; the base URL for OpenAI's clients is http://HOST:PORT/v1. Answers of several clients are made
together; each is what it would be alone.

Only programs of this machine are answered, and pages that it serves itself; --host opens the server to others, who then
need the --token.

Examples:
  sottovoce serve
  sottovoce serve my-model --port 9000 --parallel 4
  SOTTOVOCE_TOKEN=secret sottovoce serve --host 0.0.0.0
  curl http://127.0.0.1:8080/v1/chat/completions -d '{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}'")]
pub struct Arguments {
    /// Model to serve
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// What clients have to send as "Authorization: Bearer TOKEN"
    #[arg(long, value_name = "TOKEN", env = "SOTTOVOCE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Let pages of this origin use the server, such as http://localhost:3000; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Answers that are made at the same time, each with a key-value cache of its own
    #[arg(long, value_name = "N", default_value = "8")]
    parallel: NonZeroUsize,
    /// Requests that may wait for their turn; more are turned away
    #[arg(long, value_name = "N", default_value_t = 64)]
    queue: usize,
    #[command(flatten)]
    options: ModelOptions,
}

/// Serves until Ctrl-C, then finishes the answers in the making.
///
/// # Errors
/// The model cannot be loaded, or the address cannot be listened on.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let loaded = loading::load(&arguments.model, &arguments.options)?;
    let model = Arc::clone(loaded.model.model());
    let package = loaded.report.loaded().unwrap_or_default().to_string_lossy().into_owned();
    drop(loaded.model);
    let options =
        EngineOptions { name: name_of(&arguments.model), parallel: arguments.parallel.get(), queue: arguments.queue };
    let engine = Arc::new(Engine::new(loaded.folder, model, options)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let options = ServerOptions {
            address: SocketAddr::new(arguments.host, arguments.port),
            token: arguments.token.clone(),
            allowed_origins: arguments.allow_origin.clone(),
        };
        let backend = Arc::new(Backend::loading(engine.name()));
        backend.set_engine(engine.clone(), package);
        let server = Server::bind(Services { backend }, options).await?;
        let (address, name) = (server.address()?, engine.name());
        console::note(format_args!("serving {name} on http://{address}/v1; Ctrl-C stops"));
        server.run(interrupt::wait()).await;
        anyhow::Ok(())
    })
}

/// A model's name for clients: that of its folder or package.
fn name_of(model: &str) -> String {
    let path = std::path::Path::new(model);
    path.file_stem().map_or_else(|| model.to_owned(), |stem| stem.to_string_lossy().into_owned())
}
