//! `sottovoce check`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use indexmap::IndexMap;
use serde::Serialize;
use sottovoce_mil::{
    Package,
    lint::{Finding, Severity, System, Target, Unit},
};

use crate::console::{self, BOLD, DIM, GREEN, RED, YELLOW};

/// Places that are shown of a rule; `--json` has them all.
const SHOWN: usize = 3;

/// Arguments of `check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is run: the program is compared with rules, each of which names its source. docs/core-ml.md lists them. \
The weight file is not needed. Fails where a target refuses the package; all else is a warning.

Examples:
  sottovoce check model.mlpackage
  sottovoce check model.mlpackage --for macos15-gpu
  sottovoce check model.mlpackage --for ios18-ane --for ios17-ane --json | jq '.targets[].errors'")]
pub struct Arguments {
    /// Package to check
    package: PathBuf,
    /// System (ios15 to ios18, ios26, or macos12 to macos15, macos26) and unit (cpu, gpu, ane) [default: each unit of ios18]
    #[arg(long = "for", value_name = "SYSTEM-UNIT")]
    targets: Vec<Target>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Checks a package, and prints what was found.
///
/// # Errors
/// The package cannot be read, a target refuses it, or writing to stdout fails.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let package = Package::open(&arguments.package)?;
    let targets = match arguments.targets.as_slice() {
        [] => Unit::ALL.map(|unit| Target { system: System::Ios18, unit }).to_vec(),
        targets => targets.to_vec(),
    };
    let checked: Vec<_> = targets.into_iter().map(|target| (target, package.check(target))).collect();
    let mut out = console::stdout();
    if arguments.json {
        let targets = checked.iter().map(|(target, findings)| Checked::of(*target, findings)).collect();
        serde_json::to_writer_pretty(&mut out, &Report { package: &arguments.package, targets })?;
        writeln!(out)?;
    } else {
        for (index, (target, findings)) in checked.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            print(*target, findings, &mut out)?;
        }
    }
    let refusing = checked.iter().filter(|(_, findings)| count(findings, Severity::Error) > 0);
    match refusing.map(|(target, _)| target.to_string()).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => Ok(()),
        names => anyhow::bail!("{} will not run on {names}", arguments.package.display()),
    }
}

fn count(findings: &[Finding], severity: Severity) -> usize {
    findings.iter().filter(|finding| finding.rule.effect.severity() == severity).count()
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    package: &'a PathBuf,
    targets: Vec<Checked<'a>>,
}

#[derive(Serialize)]
struct Checked<'a> {
    target: String,
    errors: usize,
    warnings: usize,
    findings: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    rule: &'a str,
    severity: &'a str,
    effect: &'a str,
    place: &'a str,
    found: &'a str,
    fact: &'a str,
    remedy: &'a str,
    source: &'a str,
}

impl<'a> Checked<'a> {
    fn of(target: Target, findings: &'a [Finding]) -> Self {
        let found = |finding: &'a Finding| Found {
            rule: finding.rule.name,
            severity: severity(finding),
            effect: finding.rule.effect.name(),
            place: &finding.place,
            found: &finding.found,
            fact: finding.rule.fact,
            remedy: finding.rule.remedy,
            source: finding.rule.source,
        };
        Self {
            target: target.to_string(),
            errors: count(findings, Severity::Error),
            warnings: count(findings, Severity::Warning),
            findings: findings.iter().map(found).collect(),
        }
    }
}

fn severity(finding: &Finding) -> &'static str {
    match finding.rule.effect.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn print(target: Target, findings: &[Finding], out: &mut impl Write) -> io::Result<()> {
    if findings.is_empty() {
        return writeln!(out, "{BOLD}{target}{BOLD:#}: {GREEN}nothing found{GREEN:#}");
    }
    let mut rules: IndexMap<&str, Vec<&Finding>> = IndexMap::new();
    findings.iter().for_each(|finding| rules.entry(finding.rule.name).or_default().push(finding));
    let broken = if rules.len() == 1 { "rule" } else { "rules" };
    writeln!(out, "{BOLD}{target}{BOLD:#}: {} {broken} broken", rules.len())?;
    rules.values().try_for_each(|findings| print_rule(findings, out))
}

/// All places of one rule.
fn print_rule(findings: &[&Finding], out: &mut impl Write) -> io::Result<()> {
    let [first, ..] = findings else { return Ok(()) };
    let rule = first.rule;
    let style = if rule.effect.severity() == Severity::Error { RED } else { YELLOW };
    writeln!(out, "\n  {style}{}{style:#} {BOLD}{}{BOLD:#}, {}", severity(first), rule.name, rule.effect.name())?;
    writeln!(out, "    {}", rule.fact)?;
    for Finding { place, found, .. } in findings.iter().take(SHOWN) {
        writeln!(out, "    {DIM}at{DIM:#} {place}: {found}")?;
    }
    if findings.len() > SHOWN {
        writeln!(out, "    {DIM}and {} more, which --json lists{DIM:#}", findings.len() - SHOWN)?;
    }
    writeln!(out, "    {DIM}remedy{DIM:#} {}", rule.remedy)?;
    writeln!(out, "    {DIM}source{DIM:#} {}", rule.source)
}
