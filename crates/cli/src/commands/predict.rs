//! `sottovoce predict`

use std::{io::Write, path::PathBuf};

use anyhow::{Context, bail};
use indexmap::IndexMap;
use sottovoce_runtime::{Inputs, Model, State};
use sottovoce_tensor::{Tensor, npz};

use crate::{
    console::{self, BOLD, DIM},
    interrupt,
    loading::RuntimeOptions,
};

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each npz file is one call, in order, on one state: a prompt in one file or several, then single tokens. Its arrays are the \
inputs by name. Without -o the outputs are summarised on stdout.

Examples:
  sottovoce predict model.mlpackage prompt.npz token.npz -o logits.npz -o more-logits.npz
  sottovoce predict model.mlpackage prompt.npz --exact")]
pub struct Arguments {
    /// Package to run
    package: PathBuf,
    /// Inputs of each call
    #[arg(required = true, value_name = "IN.npz")]
    inputs: Vec<PathBuf>,
    /// Outputs of each call, in the order of the inputs
    #[arg(short, long, value_name = "OUT.npz", num_args = 1..)]
    output: Vec<PathBuf>,
    #[command(flatten)]
    runtime: RuntimeOptions,
}

/// Runs a package on arrays.
///
/// # Errors
/// The package cannot be loaded, inputs do not fit it, or files cannot be read or written.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let (inputs, outputs) = (&arguments.inputs, &arguments.output);
    if !outputs.is_empty() && outputs.len() != inputs.len() {
        bail!("{} inputs but {} outputs: give one -o per input, or none", inputs.len(), outputs.len());
    }
    let model = Model::load(&arguments.package, &arguments.runtime.load_options())?;
    for note in &model.placement().notes {
        console::warn(note);
    }
    let mut state = model.new_state();
    for (index, input) in inputs.iter().enumerate() {
        interrupt::stop_if_asked()?;
        let results = call(&model, npz::read(input)?, &mut state);
        let results = results.with_context(|| format!("call {} with {}", index + 1, input.display()))?;
        match outputs.get(index) {
            Some(output) => npz::write(output, &results)?,
            None => summarise(&input.display().to_string(), &results)?,
        }
    }
    Ok(())
}

fn call(
    model: &Model,
    arrays: IndexMap<String, Tensor>,
    state: &mut State,
) -> anyhow::Result<IndexMap<String, Tensor>> {
    let inputs: Inputs = arrays.into_iter().collect();
    Ok(model.predict(&inputs, state)?)
}

fn summarise(input: &str, outputs: &IndexMap<String, Tensor>) -> anyhow::Result<()> {
    let mut out = console::stdout();
    writeln!(out, "{DIM}{input}{DIM:#}")?;
    for (name, tensor) in outputs {
        let values = tensor.to_f32_vec();
        let least = values.iter().copied().fold(f32::INFINITY, f32::min);
        let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let (dtype, shape) = (tensor.dtype(), tensor.shape());
        writeln!(out, "{BOLD}{name}{BOLD:#} {dtype} {shape:?}, from {least} to {most}")?;
    }
    Ok(())
}
