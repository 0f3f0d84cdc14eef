//! `sottovoce serve`

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use sottovoce_history::Purpose;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::load::Attempt;
use sottovoce_server::{
    Assistant, Server, ServerError, ServerOptions, Services,
    engine::{Backend, Engine, EngineOptions, Remote, RemoteOptions},
    voice::{
        Voice,
        wyoming::{Wyoming, WyomingOptions},
    },
};

use crate::{
    console::{self, Said},
    data_folder,
    history_place::HistoryPlace,
    interrupt,
    loading::{self, ModelOptions},
    talking,
};

/// Until a server that cannot be reached is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Arguments of `serve`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
MODEL is a catalogue name, a model folder, or a package (with --tokenizer unless it lies beside it). Clients ask for it by \
its name or as \"default\"; the base URL for OpenAI's clients is http://HOST:PORT/v1. Answers of several clients are made \
together; each is what it would be alone.

With --engine, another server runs the model, and MODEL is its name there; the first that it has, if left out. Clients ask \
that server for /v1 themselves.

http://HOST:PORT/ is a page to talk to the assistant. The server keeps what is said there in the data folder, in \
history.sqlite, unless --history names another place. It listens at once and says on the page what it does while the model \
is fetched or loaded.

Only programs of this machine are answered, and pages that it serves itself; --host opens the server to others, who then \
need the --token.

With --wyoming, Home Assistant finds speech to text, text to speech and a conversation at a port of its own. That protocol \
has no password: it listens on addresses of this machine only, unless --wyoming-open-to-all says that everybody may.

Examples:
  sottovoce serve
  sottovoce serve my-model --port 9000 --parallel 4
  SOTTOVOCE_TOKEN=secret sottovoce serve --host 0.0.0.0
  sottovoce serve --history postgres://user:password@host/sottovoce
  sottovoce serve --wyoming 127.0.0.1:10300
  SOTTOVOCE_ENGINE_KEY=secret sottovoce serve my-model --engine openai:http://cluster:8000/v1
  curl http://127.0.0.1:8080/v1/chat/completions -d '{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}'")]
pub struct Arguments {
    #[arg(help = format!("Model to serve [default: {DEFAULT_MODEL}]"))]
    model: Option<String>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// What clients have to send as "Authorization: Bearer TOKEN"
    #[arg(long, value_name = "TOKEN", env = "SOTTOVOCE_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(flatten)]
    place: HistoryPlace,
    /// Let another server run the model: openai:URL, with the base URL that OpenAI's clients would use
    #[arg(long, value_name = "openai:URL", value_parser = engine_url)]
    engine: Option<String>,
    /// Key that the other server wants
    #[arg(long, value_name = "KEY", env = "SOTTOVOCE_ENGINE_KEY", hide_env_values = true)]
    engine_key: Option<String>,
    /// Let pages of this origin use the server, such as http://localhost:3000; may be given several times
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,
    /// Answers that are made at the same time, each with a key-value cache of its own
    #[arg(long, value_name = "N", default_value = "8")]
    parallel: NonZeroUsize,
    /// Requests that may wait for their turn; more are turned away
    #[arg(long, value_name = "N", default_value_t = 64)]
    queue: usize,
    /// Serve Home Assistant's Wyoming protocol on this address too, such as 127.0.0.1:10300
    #[arg(long, value_name = "HOST:PORT")]
    wyoming: Option<SocketAddr>,
    /// Let everybody who reaches the address of --wyoming use it: the protocol has no password
    #[arg(long, requires = "wyoming")]
    wyoming_open_to_all: bool,
    /// Neither hear nor speak: no speech models are fetched or loaded
    #[arg(long)]
    no_voice: bool,
    #[command(flatten)]
    options: ModelOptions,
}

/// Serves until Ctrl-C, then finishes the answers in the making. The server listens at once, while the model is loaded.
///
/// # Errors
/// The conversations cannot be opened, or the address cannot be listened on. The model cannot be loaded: unless somebody has
/// the page open, who then reads so there, the server ends at once.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> anyhow::Result<()> {
    let options = ServerOptions {
        address: SocketAddr::new(arguments.host, arguments.port),
        token: arguments.token.clone(),
        allowed_origins: arguments.allow_origin.clone(),
    };
    // Before anything is written.
    options.check()?;
    let wyoming = arguments.wyoming();
    if let Some(options) = &wyoming {
        options.check()?;
    }
    let data = arguments.place.data_folder()?;
    data_folder::create(&data)?;
    let history = sottovoce_history::open(&arguments.place.location()?, Purpose::Serve).await?;
    let backend = Arc::new(Backend::loading(name_of(arguments)));
    let assistant = Arc::new(Assistant::new(history, backend.clone()));
    let services = Services { backend: backend.clone(), assistant, voice: arguments.load_voice() };
    let server = Server::bind(services.clone(), options).await?;
    let address = server.address()?;
    let wyoming = match wyoming {
        Some(options) => Some(Wyoming::bind(services, options).await?),
        None => None,
    };
    if let Some(wyoming) = &wyoming {
        console::note(format_args!("Wyoming, for Home Assistant, is tcp://{}", wyoming.address()?));
    }
    let secret = if arguments.token.is_some() { "#token=TOKEN" } else { "" };
    console::note(format_args!("the page is http://{address}/{secret}; Ctrl-C stops"));

    let page = backend.clone();
    console::listen(move |said| match said {
        Said::Note(text) => page.set_step(text),
        Said::Warning(text) => page.add_notice(text),
    });
    if let Some(url) = &arguments.engine {
        let options =
            RemoteOptions { url: url.clone(), key: arguments.engine_key.clone(), model: arguments.model.clone() };
        let connecting = tokio::spawn(connect(options, backend.clone()));
        run_both(server, wyoming, &backend).await;
        // Until it is connected, it would try for ever.
        if connecting.is_finished() {
            return connecting.await?;
        }
        connecting.abort();
        return Ok(());
    }
    let loading = tokio::task::spawn_blocking({
        let (arguments, backend) = (arguments.clone(), backend.clone());
        move || {
            let loaded = load(&arguments, &data, &backend);
            match &loaded {
                Ok(()) => console::note(format_args!("serving {} on http://{address}/v1", backend.name())),
                Err(error) => backend.fail(format!("{error:#}")),
            }
            loaded
        }
    });
    run_both(server, wyoming, &backend).await;
    loading.await.context("loading the model broke off")?
}

/// Runs the servers until it is time to stop.
async fn run_both(server: Server, wyoming: Option<Wyoming>, backend: &Backend) {
    let wyoming = async {
        if let Some(wyoming) = wyoming {
            wyoming.run(stop(backend)).await;
        }
    };
    tokio::join!(server.run(stop(backend)), wyoming);
}

/// Connects to the server that runs the model, and waits for it while it cannot be reached.
async fn connect(options: RemoteOptions, backend: Arc<Backend>) -> anyhow::Result<()> {
    let mut told = String::new();
    loop {
        match Remote::connect(&options).await {
            Ok(remote) => {
                console::note(format_args!("serving {} of {}", remote.model(), options.url));
                backend.set_remote(Arc::new(remote));
                return Ok(());
            }
            Err(error @ ServerError::Unreachable { .. }) => {
                let error = error.to_string();
                if error != told {
                    console::note(&error);
                    told = error;
                }
            }
            Err(error) => {
                backend.fail(error.to_string());
                return Err(error.into());
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Loads the model, and tells what is worth knowing about that.
fn load(arguments: &Arguments, data: &Path, backend: &Backend) -> anyhow::Result<()> {
    let loaded = loading::load(arguments.model.as_deref().unwrap_or(DEFAULT_MODEL), &arguments.options)?;
    if loaded.report.lacks_four_bit {
        backend.add_notice("4-bit package missing, using f16");
    }
    for Attempt { package, error } in &loaded.report.attempts {
        if let Some(error) = error {
            let name = package.path.file_name().unwrap_or_default().display();
            backend.add_notice(format!("could not load {name}: {error}"));
        }
    }
    let model = Arc::clone(loaded.model.model());
    drop(loaded.model);
    let options = EngineOptions {
        name: backend.name().to_owned(),
        parallel: arguments.parallel.get(),
        queue: arguments.queue,
        states: Some(data.join("states")),
    };
    let engine = Engine::new(loaded.folder, model, options)?;
    backend.set_engine(Arc::new(engine), loaded.report.loaded().unwrap_or_default().to_string_lossy());
    Ok(())
}

/// Waits until the user asks to stop, or there is nothing to serve and nobody to tell.
async fn stop(backend: &Backend) {
    while interrupt::check().is_continue() && !backend.has_failed_unseen() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Arguments {
    fn wyoming(&self) -> Option<WyomingOptions> {
        let open_to_all = self.wyoming_open_to_all;
        self.wyoming.map(|address| WyomingOptions { address, open_to_all })
    }

    /// The voice, which is fetched and loaded while the server listens.
    fn load_voice(&self) -> Arc<Voice> {
        if self.no_voice {
            return Arc::new(Voice::missing("it was started with --no-voice"));
        }
        let voice = Arc::new(Voice::loading());
        let loading = voice.clone();
        std::thread::spawn(move || {
            let page = loading.clone();
            // Warnings are about what is missing then, which the voice says itself.
            console::listen_to_this_thread(move |said| {
                if let Said::Note(text) = said {
                    page.set_step(text);
                }
            });
            match talking::speech_parts() {
                Ok(parts) => loading.set_ready(parts),
                Err(error) => {
                    console::warn(format_args!("no voice: {error:#}"));
                    loading.set_missing(format!("{error:#}"));
                }
            }
        });
        voice
    }
}

/// A model's name for clients: that of its folder or package. One of another server is called as there.
fn name_of(arguments: &Arguments) -> String {
    let model = arguments.model.as_deref();
    if let Some(url) = &arguments.engine {
        return model.unwrap_or(url).to_owned();
    }
    let model = model.unwrap_or(DEFAULT_MODEL);
    let path = Path::new(model);
    path.file_stem().map_or_else(|| model.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

fn engine_url(text: &str) -> Result<String, String> {
    match text.strip_prefix("openai:") {
        Some(url) if url.starts_with("http://") || url.starts_with("https://") => Ok(url.to_owned()),
        _ => Err("expected openai:URL, such as openai:http://cluster:8000/v1".to_owned()),
    }
}
