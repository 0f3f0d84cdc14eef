//! `sottovoce doctor`

use std::io::Write;

use sottovoce_hub::Cache;
use sottovoce_kernels::{Isa, cpu_features};

use crate::{
    console::{self, BOLD, DIM, GREEN, YELLOW},
    machine,
};

/// Prints what the machine offers.
///
/// # Errors
/// Writing to stdout fails, or the cache cannot be read.
pub fn run() -> anyhow::Result<()> {
    let mut out = console::stdout();
    let (name, cpus) = machine::cpu()?;
    writeln!(out, "{BOLD}CPU{BOLD:#}       {name}, {} {}", std::env::consts::OS, std::env::consts::ARCH)?;
    let threads = machine::threads();
    let quota = if threads < cpus { " (affinity or cgroup quota)" } else { "" };
    writeln!(out, "{BOLD}threads{BOLD:#}   {threads} of {cpus} CPUs{quota}")?;
    write!(out, "{BOLD}features{BOLD:#} ")?;
    for feature in cpu_features() {
        let style = if feature.present { GREEN } else { DIM };
        let sign = if feature.present { '+' } else { '-' };
        write!(out, " {style}{sign}{}{style:#}", feature.name)?;
    }
    let available: Vec<_> = Isa::available().iter().map(|isa| isa.name()).collect();
    let chosen = match Isa::detect() {
        Ok(isa) => isa.name().to_owned(),
        Err(error) => format!("{YELLOW}{error}{YELLOW:#}"),
    };
    writeln!(out, "\n{BOLD}SIMD{BOLD:#}      {chosen}  {DIM}(available: {}){DIM:#}", available.join(", "))?;

    let absent =
        if cfg!(target_vendor = "apple") { "core-ml is not built in" } else { "core-ml needs an Apple system" };
    writeln!(out, "{BOLD}back ends{BOLD:#} cpu, reference  {DIM}({absent}){DIM:#}")?;

    let memory = machine::memory()?;
    let limit = memory.limit.map(|limit| format!(", cgroup limit {}", console::bytes(limit))).unwrap_or_default();
    let (total, free) = (console::bytes(memory.total), console::bytes(memory.available));
    writeln!(out, "{BOLD}memory{BOLD:#}    {total}, {free} available{limit}")?;

    match Cache::from_env() {
        Err(error) => writeln!(out, "{BOLD}cache{BOLD:#}     {YELLOW}{error}{YELLOW:#}")?,
        Ok(cache) => {
            let installed = cache.installed()?;
            let size: u64 = installed.iter().map(|model| model.model_bytes + model.download_bytes).sum();
            writeln!(out, "{BOLD}cache{BOLD:#}     {}, {}", cache.root().display(), console::bytes(size))?;
            for model in installed {
                let size = console::bytes(model.model_bytes + model.download_bytes);
                writeln!(out, "          {} {DIM}{size}{DIM:#}", model.name)?;
            }
        }
    }
    Ok(())
}
