//! `sottovoce bench`: how fast a model runs here; the subcommands measure other things.

mod bandwidth;
mod speed;
mod statistics;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Each repeat computes a prompt of random tokens from an empty state, then decodes from an empty state, one token a step. One
repeat warms up and is not counted; the figures are medians, with the slowest and fastest repeat. Decoding is bounded by
memory bandwidth: the fraction reached is against reading as many bytes as a token needs, measured on this machine.

Examples:
  sottovoce bench
  sottovoce bench my-model --threads 4 --repeat 9 --json | tail -n 1 | jq .decode_tokens_per_second"
)]
pub struct Arguments {
    #[command(subcommand)]
    measurement: Option<Measurement>,
    #[command(flatten)]
    speed: speed::SpeedArguments,
}

/// What can be measured but speed.
#[derive(Debug, clap::Subcommand)]
enum Measurement {}

/// Measures.
///
/// # Errors
/// The model cannot be loaded or fails, or what is asked for does not fit it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.measurement {
        Some(measurement) => match *measurement {},
        None => speed::run(&arguments.speed),
    }
}
