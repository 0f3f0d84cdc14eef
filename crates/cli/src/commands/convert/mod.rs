//! `sottovoce convert`

mod list;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::ensure;
use sottovoce_convert::{Calibration, ConvertOptions, Quantize, Variant};

use crate::{
    calibration::{CalibrationText, TextCalibration},
    console,
    model_folder::{self, Additions, Original, RandomShape},
};

/// Arguments of `convert`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The output is a model folder: the package, the tokenizer, and sottovoce.toml with source, licence and checksums. A package \
of the same name is replaced once the new one is complete; a conversion that is stopped leaves everything as it was.

int4 runs the model, to round its weights by what it computes: on a little that it writes itself, or on what --calibrate gives. \
That takes memory for the model, and half a minute for one of 135 million weights on two cores; --no-calibration goes by the \
weights alone. The other forms lose too little for that.

Examples:
  sottovoce convert model.gguf -o my-model
  sottovoce convert huggingface-folder -o my-model --quantize int4
  sottovoce convert huggingface-folder -o my-model --quantize int4 --no-calibration --context 4096
  sottovoce convert huggingface-folder -o my-model --quantize int4 --calibrate self
  sottovoce convert huggingface-folder -o my-model --quantize int4 --calibrate self --calibrate prose.txt
  sottovoce convert huggingface-folder -o my-model --quantize int4 --embedding int8
  sottovoce convert smollm2-135m-instruct -o smollm2-f16 --quantize f16
  sottovoce convert gemma-2b-it -o gemma --name Gemma-2B-IT --quantize int4 --context 128
  sottovoce convert --random-weights gemma-2b -o gemma-speed --quantize int4
  sottovoce convert --list --json | jq .architectures")]
pub struct Arguments {
    /// GGUF file, Hugging Face folder (config.json and safetensors), or catalogue name
    #[arg(required_unless_present_any = ["random_weights", "list"], conflicts_with = "random_weights")]
    source: Option<String>,
    /// Random weights instead of a model, to measure speed with: in the shape of gemma-2b, gemma-2-2b, gemma-3-1b,
    /// llama-3.2-1b, llama-3.2-3b or llama-3.1-8b, or of what a Hugging Face config.json describes
    #[arg(long, value_name = "SHAPE")]
    random_weights: Option<RandomShape>,
    /// Model folder to write to
    #[arg(short, long, value_name = "FOLDER", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// Name of the model, with which the package's begins [default: that of the file or folder]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Tokenizer instead of the checkpoint's: tokenizer.json, a folder with it, a GGUF file, or a catalogue name
    /// (gemma-tokenizer)
    #[arg(long, value_name = "TOKENIZER")]
    tokenizer: Option<String>,
    /// Form of the weights
    #[arg(long, value_enum, default_value_t = QuantizeArgument::Keep)]
    quantize: QuantizeArgument,
    /// Form of the embedding and the output head: int8 beside int4 for quality [default: that of the others]
    #[arg(long, value_enum, value_name = "FORM")]
    embedding: Option<QuantizeArgument>,
    /// Round to int4 by what the model computes on this text, UTF-8: errors are made to undo each other in its products.
    /// Prose of 16,000 tokens or more, of the kind that the model will meet; or self, for 16,000 that the model writes itself.
    /// May be given more than once [default: 2,000 that it writes itself]
    #[arg(long, value_name = "TEXT|self", conflicts_with = "random_weights")]
    calibrate: Vec<CalibrationText>,
    /// Round to int4 by the weights alone, without running the model: a few times as fast, and loses about twice as much
    #[arg(long, conflicts_with = "calibrate")]
    no_calibration: bool,
    /// Positions that the cache holds [default: what the model was made for, at most 2048]
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Where keys and values are kept
    #[arg(long, value_enum, default_value_t = VariantArgument::Stateful)]
    variant: VariantArgument,
    /// List what can be converted, and into what, instead
    #[arg(long, conflicts_with_all = ["source", "random_weights", "output"])]
    list: bool,
    /// Print the list as one JSON object
    #[arg(long, requires = "list", conflicts_with_all = ["source", "random_weights", "output"])]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum QuantizeArgument {
    /// The source's codes where a package can hold them, floats as f16
    Keep,
    /// Floats of 16 bits
    F16,
    /// Rounded to 8 bits, with one scale per block of 32
    Int8,
    /// Rounded to 4 bits, with one scale per block of 32
    Int4,
}

impl From<QuantizeArgument> for Quantize {
    fn from(argument: QuantizeArgument) -> Self {
        match argument {
            QuantizeArgument::Keep => Self::Keep,
            QuantizeArgument::F16 => Self::F16,
            QuantizeArgument::Int8 => Self::Int8,
            QuantizeArgument::Int4 => Self::Int4,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum VariantArgument {
    /// In states that a call appends to
    Stateful,
    /// In inputs and outputs
    KvIo,
    /// Nowhere: every call runs the whole sequence
    Baseline,
}

/// Converts a checkpoint and prints the path of the package, or lists what can be converted.
///
/// # Errors
/// The checkpoint cannot be found or converted, or writing fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let Some(output) = &arguments.output else { return list::print(arguments.json) };
    let options = ConvertOptions {
        quantize: arguments.quantize.into(),
        embedding: arguments.embedding.map(Quantize::from),
        variant: match arguments.variant {
            VariantArgument::Stateful => Variant::Stateful,
            VariantArgument::KvIo => Variant::KvIo,
            VariantArgument::Baseline => Variant::Baseline,
        },
        context: arguments.context,
    };
    ensure!(
        arguments.calibrate.is_empty() || options.quantize == Quantize::Int4,
        "--calibrate is for --quantize int4: the other forms lose too little for it to matter"
    );
    let additions = Additions { name: arguments.name.clone(), tokenizer: arguments.tokenizer.clone() };
    let (package, report) = match (&arguments.random_weights, &arguments.source) {
        (Some(shape), _) => model_folder::make_random(shape, output, &options, &additions)?,
        (None, source) => {
            let original = Original::find(source.as_deref().unwrap_or_default(), &additions)?;
            model_folder::fill(output, || {
                let mut calibration = calibration(arguments, &original, &options, output)?;
                let calibration = calibration.as_mut().map(|calibration| calibration as &mut dyn Calibration);
                original.make(output, &options, calibration)
            })?
        }
    };
    console::note(report.to_string().trim_end());
    Ok(writeln!(console::stdout(), "{}", package.display())?)
}

/// What int4 is rounded by, unless by the weights alone.
fn calibration(
    arguments: &Arguments,
    original: &Original,
    options: &ConvertOptions,
    output: &Path,
) -> anyhow::Result<Option<TextCalibration>> {
    if arguments.no_calibration || options.quantize != Quantize::Int4 {
        return Ok(None);
    }
    // The model waits where the package goes to: a folder for temporary files may be a part of memory.
    let calibration = TextCalibration::new(original, options, &arguments.calibrate, output)?;
    ensure!(
        calibration.is_some() || arguments.calibrate.is_empty(),
        "there is nothing to calibrate: no weight of {} is rounded to int4 in blocks",
        original.checkpoint.name
    );
    Ok(calibration)
}
