//! The program espeak-ng, which knows how words are said.

use std::{
    io::{self, Read, Write},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::VoiceError;

const PROGRAM: &str = "espeak-ng";
/// A clause takes it some milliseconds.
const LIMIT: Duration = Duration::from_secs(10);
/// More phonemes than this are not read.
const MOST_OUTPUT: u64 = 1 << 20;
const INSTALL: &str = "it is not installed; `apt-get install espeak-ng` or `brew install espeak-ng` installs it, and the \
                       engine hibari needs no such program";

pub(super) struct Espeak {
    /// Its name for a language.
    voice: String,
}

impl Espeak {
    /// Makes sure that the program is there.
    ///
    /// # Errors
    /// [`VoiceError::Program`] when it is not, or `voice` cannot be the name of a language.
    pub(super) fn open(voice: &str) -> Result<Self, VoiceError> {
        let is_name = voice.starts_with(|c: char| c.is_ascii_alphabetic())
            && voice.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_+".contains(&byte));
        if !is_name {
            return Err(fail(format!("'{voice}' is no name of a language")));
        }
        let espeak = Self { voice: voice.to_owned() };
        espeak.phonemes("a").map(|_| espeak)
    }

    /// The phonemes of a clause, in the International Phonetic Alphabet, with spaces between words.
    ///
    /// # Errors
    /// [`VoiceError::Program`] when the program fails.
    pub(super) fn phonemes(&self, clause: &str) -> Result<String, VoiceError> {
        let mut command = Command::new(PROGRAM);
        command.args(["-q", "--ipa", "-b", "1", "-v", &self.voice, "--stdin"]);
        let output = run(command, clause, LIMIT).map_err(fail)?;
        Ok(without_switches(&output).split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

fn fail(reason: String) -> VoiceError {
    VoiceError::Program { program: PROGRAM, reason }
}

/// What `command` writes when it reads `input`.
fn run(mut command: Command, input: &str, limit: Duration) -> Result<String, String> {
    let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => INSTALL.to_owned(),
        _ => error.to_string(),
    })?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let reader = thread::spawn(move || {
        let mut output = Vec::new();
        stdout.map(|stdout| stdout.take(MOST_OUTPUT).read_to_end(&mut output)).transpose().map(|_| output)
    });
    // A clause fits into the pipe. A program that ends without reading says why by its status.
    let _ = stdin.map(|mut stdin| stdin.write_all(input.as_bytes()));
    let deadline = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                // It may have ended in the meantime; either way it is gone afterwards.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {} s", limit.as_secs_f32()));
            }
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    let output = reader.join().map_err(|_| "its output could not be read".to_owned())?;
    match output {
        _ if !status.success() => Err(format!("it ended with {status}")),
        Ok(output) => Ok(String::from_utf8_lossy(&output).into_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// `phonemes` without "(fr)" and the like, which say that the next word is read by the rules of another language.
fn without_switches(phonemes: &str) -> String {
    let mut outside = true;
    phonemes
        .chars()
        .filter(|&c| {
            let is_sound = outside && c != '(';
            outside = if outside { c != '(' } else { c == ')' };
            is_sound
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_says_how_to_get_it() {
        let reason = run(Command::new("no-such-program-here"), "", LIMIT).unwrap_err();
        assert!(reason.contains("apt-get install espeak-ng"), "{reason}");
        let error = Espeak::open("--version").err().unwrap().to_string();
        assert!(error.contains("'--version' is no name of a language"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_that_hangs_or_fails_is_an_error() {
        let mut sleep = Command::new("sleep");
        sleep.arg("600");
        assert_eq!(run(sleep, "text", Duration::ZERO).unwrap_err(), "it did not end within 0 s");
        assert_eq!(run(Command::new("false"), "text", LIMIT).unwrap_err(), "it ended with exit status: 1");
        assert_eq!(run(Command::new("cat"), "text", LIMIT).unwrap(), "text");
    }

    #[test]
    fn switches_of_language_are_no_sounds() {
        assert_eq!(without_switches("(fr)ʒˈə(en) sˈeɪ"), "ʒˈə sˈeɪ");
        assert_eq!(without_switches("ʒ)ə(never closed"), "ʒ)ə");
    }
}
