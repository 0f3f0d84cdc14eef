//! The program as people run it: output, errors and exit codes.

mod bench;
mod check;
mod convert;
mod gemma;
mod history;
mod inspect;
mod interrupt;
mod ladder;
mod predict;
mod session;
mod speak;
mod tokenize;
mod transcribe;
mod usage;

use std::path::Path;

use assert_cmd::Command;
use sottovoce_testkit::fixtures_dir;

/// The program, in the folder of the fixtures and with an empty cache at `cache`.
fn sottovoce(cache: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sottovoce"));
    command.current_dir(fixtures_dir()).env("SOTTOVOCE_CACHE", cache).env_remove("SOTTOVOCE_ISA");
    command
}

/// Runs the program with an empty cache. Gives its exit code, stdout and stderr.
fn run(arguments: &[&str]) -> (i32, String, String) {
    let cache = tempfile::tempdir().unwrap();
    let output = sottovoce(cache.path()).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}
