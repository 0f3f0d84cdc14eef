//! Texts from the command line.

use std::io::Read;

use anyhow::Context;

/// An argument, or all of stdin for `-`.
///
/// # Errors
/// Stdin cannot be read or is not UTF-8.
pub fn argument_or_stdin(argument: &str) -> anyhow::Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("cannot read stdin")?;
    Ok(text)
}
