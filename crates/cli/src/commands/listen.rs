//! `sottovoce listen`

use crate::{answering::AnswerOptions, loading::ModelOptions};

/// Arguments of `listen`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Listens until Ctrl-C. A silence ends your turn, and a voice ends the assistant's; what the loudspeaker plays is taken out of what \
the microphone hears. Enter ends what is being said; with --push-to-talk it begins your turn, and a second one ends it. What \
both sides said goes to stdout, a line a clause. The speech models are fetched on first use.

This command is in programs that were built with the feature `listen`, as `cargo install --path crates/cli --features listen` \
does; on Linux that needs the headers of ALSA (the package libasound2-dev or alsa-lib-devel).

Examples:
  sottovoce listen
  sottovoce listen --list-devices
  sottovoce listen --input 'USB Microphone' --session kitchen --system \"You answer in one short sentence.\"
  sottovoce listen --wake-phrase 'hello computer' --speed 1.2")]
pub struct Arguments {
    /// Model that answers [default: that of the session, else smollm2-135m-instruct]
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// What the model should be told first
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Go on with the session of this name, or begin it: what was heard is kept after every answer
    #[arg(long, value_name = "NAME")]
    session: Option<String>,
    /// Speech alone does nothing: Enter begins and ends your turn
    #[arg(long)]
    push_to_talk: bool,
    /// Answer only what begins with these words, and what follows an answer soon
    #[arg(long, value_name = "TEXT", conflicts_with = "push_to_talk")]
    wake_phrase: Option<String>,
    /// Microphone, by its id or name [default: the machine's]
    #[arg(long, value_name = "DEVICE")]
    input: Option<String>,
    /// Loudspeaker, by its id or name [default: the machine's]
    #[arg(long, value_name = "DEVICE")]
    output: Option<String>,
    /// List the microphones and loudspeakers, and do nothing else
    #[arg(long)]
    list_devices: bool,
    /// Voice of the answers [default: the first there is]
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    /// How fast answers are said, from 0.5 to 2
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f32,
    #[command(flatten)]
    answer: AnswerOptions,
    #[command(flatten)]
    options: ModelOptions,
}

/// Talks with the microphone and the loudspeaker of this machine.
///
/// # Errors
/// A device or a model cannot be had or fails, or the session cannot be read or written.
#[cfg(feature = "listen")]
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    use sottovoce_hub::DEFAULT_MODEL;
    use sottovoce_llm::chat::Overflow;
    use sottovoce_voice::{
        Manner,
        conversation::{Mode, Options},
    };

    use crate::{
        listening::{self, Devices, KeptThinker},
        loading,
        sessions::{Sessions, lasting_name},
        talking::{ModelThinker, Speech},
    };

    if arguments.list_devices {
        return Devices::list();
    }
    let devices = Devices::find(arguments.input.as_deref(), arguments.output.as_deref())?;
    let session = arguments.session.as_ref().map(|name| Sessions::from_env()?.open(name)).transpose()?;
    let kept = session.as_ref().map(|session| session.model()).transpose()?.flatten();
    let model = arguments.model.as_deref().or(kept.as_deref()).unwrap_or(DEFAULT_MODEL);
    let speech = Speech::open()?;
    let mut loaded = loading::load(model, &arguments.options)?;
    let answering = arguments.answer.prepare(&mut loaded.folder)?;
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    conversation.set_overflow(Overflow::Forget);
    if let Some(session) = &session {
        session.take_up(&mut conversation)?;
    }
    if arguments.system.is_some() {
        conversation.set_system(arguments.system.clone());
    }
    let thinker = ModelThinker::new(conversation, move || answering.next());
    let manner = Manner { voice: arguments.voice.clone(), speed: arguments.speed };
    let parts = match session {
        Some(session) => speech.parts(KeptThinker::new(thinker, session, lasting_name(model)), manner),
        None => speech.parts(thinker, manner),
    };
    parts.manner.check(&parts.synthesizer.voices())?;
    let mode = if arguments.push_to_talk { Mode::PushToTalk } else { Mode::HandsFree };
    let options = Options { mode, wake_phrase: arguments.wake_phrase.clone(), ..Options::default() };
    listening::converse(parts, options, &devices)
}

/// Says how to have what is not there.
///
/// # Errors
/// Always.
#[cfg(not(feature = "listen"))]
pub fn run(_arguments: &Arguments) -> anyhow::Result<()> {
    anyhow::bail!(
        "this program was built without sound devices: build it with `cargo build --release --features listen`, which on Linux \
         needs the headers of ALSA (the package libasound2-dev or alsa-lib-devel); `sottovoce serve` has voice in its page \
         without"
    )
}
