//! `sottovoce bench`: how fast a model runs here; the subcommands measure other things.

mod against;
mod echo;
mod grammars;
mod ladder;
mod limits;
mod profile;
mod quality;
mod quantisation;
mod report;
mod round_trip;
mod speculation;
mod speech;
mod speed;
mod statistics;
mod streams;
mod subject;
mod turns;
mod voice;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
A repeat computes a prompt of random tokens, then decodes, one token a step, behind as many positions as --depth says, for \
every number of threads; the other engine has its turn in every repeat. The figures are medians, with the lowest and the \
highest. Decoding is bound by reading weights and caches, prefill by arithmetic on bytes: shares are of what this machine \
does at most with the same threads, measured in the same repeat.

Examples:
  sottovoce bench
  sottovoce bench my-model --threads 1,2,4 --depth 0,2048 --repeat 9 --json | tail -n 1 | jq .speeds
  sottovoce bench my-model --profile
  sottovoce bench --limits
  sottovoce bench my-model --against llama.cpp=llama.cpp/build/bin --gguf my-model.gguf"
)]
pub struct Arguments {
    #[command(subcommand)]
    measurement: Option<Measurement>,
    #[command(flatten)]
    speed: speed::SpeedArguments,
}

/// What can be measured but speed.
#[derive(Debug, clap::Subcommand)]
enum Measurement {
    /// Compare the predictions of fast arithmetic with those of exact arithmetic and of f16 weights
    Quality(quality::QualityArguments),
    /// Measure what forms of the weights cost: int4 by plain rounding, by search, and calibrated
    Quantisation(quantisation::QuantisationArguments),
    /// Measure what a cache, a state and 4-bit weights bring, step by step
    Ladder(ladder::LadderArguments),
    /// Compare answers with tokens guessed ahead with plain ones: they are the same, and how much sooner
    Speculation(speculation::SpeculationArguments),
    /// Measure how long answers wait for the grammars that they keep to
    Grammars(grammars::GrammarsArguments),
    /// Measure the time to the first token of every turn of a conversation
    Turns(turns::TurnsArguments),
    /// Measure how well and how fast recorded speech is understood
    Speech(speech::SpeechArguments),
    /// Measure how well the assistant's own voice is kept out of what the microphone hears
    Echo(echo::EchoArguments),
    /// Measure the wait for the first sound of an answer in a spoken conversation
    Voice(voice::VoiceArguments),
    /// Measure how fast the voices speak, and how well what they say is understood
    RoundTrip(round_trip::RoundTripArguments),
    /// Measure how fast several answers are made at the same time
    Streams(streams::StreamsArguments),
}

/// Measures.
///
/// # Errors
/// The model cannot be loaded or fails, or what is asked for does not fit it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.measurement {
        Some(Measurement::Quality(arguments)) => quality::run(arguments),
        Some(Measurement::Quantisation(arguments)) => quantisation::run(arguments),
        Some(Measurement::Ladder(arguments)) => ladder::run(arguments),
        Some(Measurement::Speculation(arguments)) => speculation::run(arguments),
        Some(Measurement::Grammars(arguments)) => grammars::run(arguments),
        Some(Measurement::Turns(arguments)) => turns::run(arguments),
        Some(Measurement::Speech(arguments)) => speech::run(arguments),
        Some(Measurement::Echo(arguments)) => echo::run(arguments),
        Some(Measurement::Voice(arguments)) => voice::run(arguments),
        Some(Measurement::RoundTrip(arguments)) => round_trip::run(arguments),
        Some(Measurement::Streams(arguments)) => streams::run(arguments),
        None => speed::run(&arguments.speed),
    }
}
