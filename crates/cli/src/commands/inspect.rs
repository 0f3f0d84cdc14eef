//! `sottovoce inspect`

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use indexmap::IndexMap;
use serde::Serialize;
use sottovoce_mil::Package;
use sottovoce_runtime::PlanReport;

use crate::{
    console::{self, BOLD, DIM, GREEN, YELLOW},
    inspection::{FirstInput, FunctionInspection, Inspection, Value, Variant, Verdict, Weights},
};

/// Arguments of `inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The weight file is not needed: a program alone can be inspected.

Examples:
  sottovoce inspect model.mlpackage
  sottovoce inspect model.mlpackage --json | jq .verdict
  sottovoce inspect model.mlpackage --plan")]
pub struct Arguments {
    /// Package to look at
    package: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Print the steps that the CPU will run, instead
    #[arg(long)]
    plan: bool,
    /// Function to plan [default: the package's default function]
    #[arg(long, value_name = "NAME", requires = "plan")]
    function: Option<String>,
}

/// Prints what is in a package.
///
/// # Errors
/// The package cannot be read, or writing to stdout fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let package = Package::open(&arguments.package)?;
    let mut out = console::stdout();
    if arguments.plan {
        let report = PlanReport::of(&package, arguments.function.as_deref())?;
        return if arguments.json { print_json(&Plan::of(&report), &mut out) } else { print_plan(&report, &mut out) };
    }
    let inspection = Inspection::of(&package);
    if arguments.json {
        print_json(&inspection, &mut out)?;
    } else {
        print(&inspection, &mut out)?;
    }
    Ok(())
}

/// The plan as `--plan --json` prints it.
#[derive(Serialize)]
struct Plan<'a> {
    steps: &'a [String],
    steps_by_kind: IndexMap<&'a str, usize>,
    layers: usize,
    arena_values_per_row: usize,
    rules: &'a [String],
    no_plan_because: Option<&'a str>,
}

impl<'a> Plan<'a> {
    fn of(report: &'a PlanReport) -> Self {
        Self {
            steps: &report.steps,
            steps_by_kind: report.kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect(),
            layers: report.layers,
            arena_values_per_row: report.arena_width,
            rules: &report.guards,
            no_plan_because: report.refusal.as_deref(),
        }
    }
}

fn print_json(value: &impl Serialize, out: &mut impl Write) -> anyhow::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(writeln!(out)?)
}

fn print_plan(report: &PlanReport, out: &mut impl Write) -> anyhow::Result<()> {
    write!(out, "{report}")?;
    if report.refusal.is_some() {
        return Ok(writeln!(out, "the reference back end will run this package")?);
    }
    let kinds: Vec<_> = report.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    writeln!(out, "\n{BOLD}{} steps{BOLD:#}: {}", report.steps.len(), kinds.join(", "))?;
    if report.layers > 0 {
        let per_layer = report.steps.len() as f64 / report.layers as f64;
        writeln!(out, "{} layers, {per_layer:.1} steps a layer", report.layers)?;
    }
    Ok(writeln!(out, "{} values of working memory a row", report.arena_width)?)
}

fn print(inspection: &Inspection, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", inspection.path.display())?;
    let systems = inspection.runs_on.map(|systems| format!(" ({systems} and later)")).unwrap_or_default();
    writeln!(out, "specification {}{systems}", inspection.spec_version)?;
    for (key, text) in &inspection.metadata {
        writeln!(out, "{DIM}{key}: {text}{DIM:#}")?;
    }
    for function in &inspection.functions {
        print_function(function, out)?;
    }
    print_weights(&inspection.weights, inspection.complete, out)?;
    print_verdict(&inspection.verdict, &inspection.path, out)
}

fn print_function(function: &FunctionInspection, out: &mut impl Write) -> io::Result<()> {
    let default = if function.default { ", default" } else { "" };
    writeln!(out, "\n{BOLD}function {}{BOLD:#} {DIM}({}{default}){DIM:#}", function.name, function.opset)?;
    for (title, values) in [("input", &function.inputs), ("output", &function.outputs), ("state", &function.states)] {
        for Value { name, dtype, shape, optional } in values {
            let optional = if *optional { ", optional" } else { "" };
            writeln!(out, "  {title:<7} {name:<18} {:<5} {shape}{optional}", dtype.unwrap_or("any"))?;
        }
    }
    writeln!(out, "  {} operations, {} constants", function.operations, function.constants)?;
    for (kind, count) in &function.histogram {
        writeln!(out, "  {count:>7} {kind}")?;
    }
    Ok(())
}

fn print_weights(weights: &Weights, complete: bool, out: &mut impl Write) -> io::Result<()> {
    let (parameters, bytes) = (console::grouped(weights.parameters), console::bytes(weights.bytes));
    writeln!(out, "\n{BOLD}weights{BOLD:#} {parameters} parameters, {bytes}")?;
    for ty in &weights.types {
        let (parameters, bytes) = (console::grouped(ty.parameters), console::bytes(ty.bytes));
        writeln!(out, "  {:<26} {:>5} tensors {parameters:>15} {bytes:>10}", ty.form, ty.tensors)?;
    }
    if !complete {
        writeln!(out, "  {YELLOW}the weight file is missing: this package can be inspected, but not run{YELLOW:#}")?;
    }
    Ok(())
}

fn print_verdict(verdict: &Verdict, package: &Path, out: &mut impl Write) -> io::Result<()> {
    let (variant, context, vocabulary, adapter, first_call) = match verdict {
        Verdict::Other { reason } => return writeln!(out, "\n{YELLOW}not a language model{YELLOW:#}: {reason}"),
        Verdict::LanguageModel { variant, context, vocabulary, adapter, first_call } => {
            (variant, context, vocabulary, adapter, first_call)
        }
    };
    let kind = match variant {
        Variant::Stateful => "a stateful language model",
        Variant::KvIo => "a language model with its cache as inputs and outputs (kv-io), not stateful",
        Variant::Baseline => "a language model without a cache (baseline), not stateful",
    };
    writeln!(out, "\n{GREEN}{kind}{GREEN:#}, context {context}, vocabulary {vocabulary}")?;
    match adapter.as_slice() {
        [] => writeln!(out, "the interface is that of Apple's recipe")?,
        parts => writeln!(out, "run through an adapter: {}", parts.join(", "))?,
    }
    print_first_call(first_call, package, out)
}

/// Two lines for a shell: the inputs of a call that begins a sequence, and the call.
fn print_first_call(inputs: &[FirstInput], package: &Path, out: &mut impl Write) -> io::Result<()> {
    let arrays: Vec<String> =
        inputs.iter().map(|FirstInput { name, numpy, .. }| format!("'{name}': {numpy}")).collect();
    writeln!(out, "\n{DIM}a first call by hand:{DIM:#}")?;
    writeln!(out, "  python3 -c \"import numpy as np; np.savez('in.npz', **{{{}}})\"", arrays.join(", "))?;
    writeln!(out, "  sottovoce predict {} in.npz", package.display())
}
