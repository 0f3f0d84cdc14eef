//! `sottovoce convert --list`

use std::io::Write;

use clap::ValueEnum;
use serde::Serialize;
use sottovoce_convert::{
    checkpoint::{Architecture, KnownShape},
    weights::WeightFormat,
};

use super::{QuantizeArgument, VariantArgument};
use crate::console::{self, BOLD};

/// What can be converted, and into what.
#[derive(Serialize)]
struct Supported {
    architectures: Vec<Family>,
    /// Element types and blocks of weights in GGUF files.
    gguf: Vec<String>,
    /// Element types in safetensors of Hugging Face folders.
    safetensors: [&'static str; 3],
    quantize: Vec<Choice>,
    variants: Vec<Choice>,
    /// Shapes of random weights that have a name.
    random_weights: Vec<&'static str>,
}

#[derive(Serialize)]
struct Family {
    /// `model_type` of Hugging Face folders.
    name: &'static str,
    /// `general.architecture` of GGUF files; none where they come under the name of another.
    gguf: Option<&'static str>,
    models: &'static str,
}

/// A value of an option.
#[derive(Serialize)]
struct Choice {
    name: String,
    meaning: String,
}

impl Supported {
    fn here() -> Self {
        let family = |architecture: Architecture| Family {
            name: architecture.name(),
            gguf: architecture.gguf_name(),
            models: architecture.models(),
        };
        Self {
            architectures: Architecture::ALL.into_iter().map(family).collect(),
            gguf: WeightFormat::ALL.map(|format| format!("{format:?}")).to_vec(),
            safetensors: ["F32", "F16", "BF16"],
            quantize: choices::<QuantizeArgument>(),
            variants: choices::<VariantArgument>(),
            random_weights: KnownShape::ALL.map(KnownShape::name).to_vec(),
        }
    }
}

/// The values of an option, with the help that the command line shows for them.
fn choices<T: ValueEnum>() -> Vec<Choice> {
    let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let choice = |value: clap::builder::PossibleValue| Choice {
        name: value.get_name().to_owned(),
        meaning: value.get_help().map(ToString::to_string).unwrap_or_default(),
    };
    values.map(choice).collect()
}

/// Prints it, as JSON if asked to.
///
/// # Errors
/// Writing to stdout fails.
pub fn print(json: bool) -> anyhow::Result<()> {
    let supported = Supported::here();
    let mut out = console::stdout();
    if json {
        serde_json::to_writer_pretty(&mut out, &supported)?;
        return Ok(writeln!(out)?);
    }
    writeln!(
        out,
        "{BOLD}architectures{BOLD:#} (model_type of a Hugging Face folder, general.architecture of a GGUF file)"
    )?;
    for Family { name, gguf, models } in &supported.architectures {
        writeln!(out, "  {name:<12} {:<12} {models}", gguf.unwrap_or("as another"))?;
    }
    writeln!(out, "{BOLD}weights{BOLD:#}\n  GGUF         {}", supported.gguf.join(", "))?;
    writeln!(out, "  safetensors  {}", supported.safetensors.join(", "))?;
    for (title, choices) in [("--quantize", &supported.quantize), ("--variant", &supported.variants)] {
        writeln!(out, "{BOLD}{title}{BOLD:#}")?;
        for Choice { name, meaning } in choices {
            writeln!(out, "  {name:<12} {meaning}")?;
        }
    }
    writeln!(out, "{BOLD}--random-weights{BOLD:#}\n  {}, or a config.json", supported.random_weights.join(", "))?;
    Ok(())
}
