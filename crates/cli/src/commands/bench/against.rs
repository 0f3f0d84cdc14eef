//! `--against`: another engine's own benchmark, run in turn with ours.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    str::FromStr,
    thread,
    time::Duration,
};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use super::{
    report::{Sample, Speed, range},
    statistics::Summary,
};
use crate::{
    console::{self, BOLD, DIM},
    interrupt::{self, Interrupted},
};

/// How often to see whether the peer is done or the user stops: rare enough to take nothing from the peer.
const POLL: Duration = Duration::from_millis(20);

/// The engine that `--against` names: `llama.cpp=FOLDER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerArgument {
    folder: PathBuf,
}

impl FromStr for PeerArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some(("llama.cpp", folder)) if !folder.is_empty() => Ok(Self { folder: folder.into() }),
            _ => Err("expected llama.cpp=FOLDER, the folder that holds llama-bench".to_owned()),
        }
    }
}

/// llama.cpp with a model.
pub struct LlamaCpp {
    program: PathBuf,
    gguf: PathBuf,
}

/// What one repeat gave.
#[derive(Clone, Debug, PartialEq)]
pub struct PeerSample {
    /// Tokens a second of a prompt.
    prefill: f64,
    /// Tokens a second one after the other.
    decode: f64,
    /// Commit that the program was built from.
    build: String,
}

/// The other engine, in the JSON form.
#[derive(Debug, Serialize)]
pub struct PeerReport {
    against: String,
    gguf: String,
    ratios: Ratios,
}

/// Our speed over the peer's: medians of the repeats, of the first of the speeds.
#[derive(Debug, Serialize)]
struct Ratios {
    prefill: f64,
    decode: f64,
}

/// The other engine with a number of threads at a depth.
#[derive(Debug, Serialize)]
pub struct PeerSpeed {
    /// Its tokens a second of a prompt.
    prefill: Summary,
    /// Its tokens a second one after the other.
    decode: Summary,
    /// Ours over its, of the same repeat.
    prefill_ratio: Summary,
    /// The same.
    decode_ratio: Summary,
}

impl PeerSpeed {
    /// Of repeats of both; `None` of none.
    pub fn of(ours: &[Sample], theirs: &[PeerSample]) -> Option<Self> {
        let ratio = |ratio: fn(&Sample, &PeerSample) -> f64| {
            Summary::of(ours.iter().zip(theirs).map(|(ours, theirs)| ratio(ours, theirs)))
        };
        Some(Self {
            prefill: Summary::of(theirs.iter().map(|theirs| theirs.prefill))?,
            decode: Summary::of(theirs.iter().map(|theirs| theirs.decode))?,
            prefill_ratio: ratio(|ours, theirs| ours.prefill / theirs.prefill)?,
            decode_ratio: ratio(|ours, theirs| ours.decode / theirs.decode)?,
        })
    }
}

impl PeerReport {
    /// With the ratios of `speed`, of which `sample` is a repeat.
    pub fn new(peer: &LlamaCpp, sample: &PeerSample, speed: &PeerSpeed) -> Self {
        let ratios = Ratios { prefill: speed.prefill_ratio.median, decode: speed.decode_ratio.median };
        let gguf = peer.gguf.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { against: format!("llama.cpp {}", sample.build), gguf, ratios }
    }

    /// Prints a table.
    ///
    /// # Errors
    /// Writing fails.
    pub fn print(&self, speeds: &[Speed]) -> anyhow::Result<()> {
        let mut out = console::stdout();
        writeln!(out, "{BOLD}{} with {}{BOLD:#}", self.against, self.gguf)?;
        writeln!(
            out,
            "{DIM}threads  depth  {:>13}  {:^20}  {:>7}  {:>13}  {:^18}  {:>10}{DIM:#}",
            "prefill", "tokens/s", "ours is", "decode", "tokens/s", "ours is"
        )?;
        for Speed { threads, depth, peer, .. } in speeds {
            let Some(PeerSpeed { prefill, decode, prefill_ratio, decode_ratio }) = peer else { continue };
            writeln!(
                out,
                "{threads:>7}  {depth:>5}  {:>13.1}  {DIM}{:^20}{DIM:#}  {BOLD}{:>6.2}×{BOLD:#}  {:>13.1}  {DIM}{:^18}{DIM:#}  \
                 {BOLD}{:>9.2}×{BOLD:#}",
                prefill.median,
                range(prefill),
                prefill_ratio.median,
                decode.median,
                range(decode),
                decode_ratio.median
            )?;
        }
        Ok(())
    }
}

/// One test in the output of llama-bench.
#[derive(Debug, Deserialize)]
struct Test {
    n_prompt: usize,
    n_gen: usize,
    /// Tokens a second.
    avg_ts: f64,
    build_commit: String,
}

impl LlamaCpp {
    /// The program of `peer` for the model `gguf`.
    ///
    /// # Errors
    /// One of the files is not there.
    pub fn new(peer: &PeerArgument, gguf: &Path) -> anyhow::Result<Self> {
        let program = peer.folder.join("llama-bench").with_extension(std::env::consts::EXE_EXTENSION);
        ensure!(program.is_file(), "there is no {}; --against names the folder that holds it", program.display());
        ensure!(gguf.is_file(), "there is no {}; --gguf names the model that llama.cpp runs", gguf.display());
        Ok(Self { program, gguf: gguf.to_owned() })
    }

    /// Measures a prompt of `prompt` tokens and `decode` tokens one after the other, each behind `depth` others, once,
    /// after the warm-up that llama-bench does itself.
    ///
    /// # Errors
    /// The program fails, or its output is not what llama-bench prints; or the user stops, which ends the program too.
    pub fn measure(
        &self,
        threads: usize,
        depth: usize,
        (prompt, decode): (usize, usize),
    ) -> anyhow::Result<PeerSample> {
        let mut command = Command::new(&self.program);
        command.arg("-m").arg(&self.gguf).args(["-r", "1", "-o", "json"]);
        for (flag, number) in [("-p", prompt), ("-n", decode), ("-d", depth), ("-t", threads)] {
            command.arg(flag).arg(number.to_string());
        }
        let output = run(&mut command).with_context(|| self.program.display().to_string())?;
        parse(&output, prompt, decode)
            .with_context(|| format!("{} printed what is not its JSON form", self.program.display()))
    }
}

/// Runs a program to its end. Gives what it printed.
fn run(command: &mut Command) -> anyhow::Result<String> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = thread::scope(|scope| {
        let stdout = scope.spawn(|| read(stdout));
        let stderr = scope.spawn(|| read(stderr));
        let status = wait(&mut child)?;
        let text = |reader: thread::ScopedJoinHandle<'_, String>| reader.join().unwrap_or_default();
        anyhow::Ok((status, text(stdout), text(stderr)))
    });
    let (status, stdout, stderr) = output?;
    // Ctrl-C may have ended the program before we looked.
    interrupt::stop_if_asked()?;
    ensure!(status.success(), "{status}\n{}", stderr.trim_end());
    Ok(stdout)
}

/// Waits for a program; ends it when the user stops.
fn wait(child: &mut Child) -> anyhow::Result<std::process::ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if interrupt::check().is_break() {
            // It fails if the program has ended meanwhile, which is what is wanted.
            let _ = child.kill();
            child.wait()?;
            return Err(Interrupted.into());
        }
        thread::sleep(POLL);
    }
}

fn read(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What came until then is all there is to show.
        let _ = pipe.read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(output: &str, prompt: usize, decode: usize) -> anyhow::Result<PeerSample> {
    let tests: Vec<Test> = serde_json::from_str(output)?;
    let find = |prompt: usize, decode: usize| {
        let test = tests.iter().find(|test| (test.n_prompt, test.n_gen) == (prompt, decode));
        let test = test.with_context(|| format!("no test of {prompt} prompt and {decode} new tokens"))?;
        ensure!(test.avg_ts.is_finite() && test.avg_ts > 0.0, "a speed of {} tokens/s", test.avg_ts);
        Ok(test)
    };
    let (prefill, decode) = (find(prompt, 0)?, find(0, decode)?);
    Ok(PeerSample { prefill: prefill.avg_ts, decode: decode.avg_ts, build: decode.build_commit.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What llama-bench of commit 0c1e570 printed for `-m SmolLM2-135M-Instruct.Q4_1.gguf -r 1 -o json -p 512 -n 128 -d 0 -t 2`.
    const OUTPUT: &str = include_str!("llama-bench.json");

    #[test]
    fn the_program_s_output_is_read() {
        let sample = parse(OUTPUT, 512, 128).unwrap();
        assert_eq!(sample, PeerSample { prefill: 305.211358, decode: 114.586309, build: "0c1e570".to_owned() });
        for (prompt, decode) in [(512, 64), (256, 128)] {
            let error = parse(OUTPUT, prompt, decode).unwrap_err().to_string();
            assert!(error.starts_with("no test of"), "{error}");
        }
        // Killed in the middle.
        assert!(parse(&OUTPUT[..OUTPUT.len() / 2], 512, 128).is_err());
    }

    #[test]
    fn ratios_are_of_the_same_repeat() {
        let ours = |prefill| Sample { prefill, decode: 8.0, read: 1.0, int8: 1.0, f32: 1.0 };
        let theirs = |prefill| PeerSample { prefill, decode: 4.0, build: String::new() };
        // The machine was slow in the second repeat.
        let speed = PeerSpeed::of(&[ours(40.0), ours(10.0), ours(44.0)], &[theirs(10.0), theirs(5.0), theirs(11.0)]);
        let speed = speed.unwrap();
        assert_eq!((speed.prefill_ratio.lowest, speed.prefill_ratio.median), (2.0, 4.0));
        assert_eq!((speed.decode_ratio.median, speed.prefill.median), (2.0, 10.0));
        assert!(PeerSpeed::of(&[ours(1.0)], &[]).is_none());
    }

    #[test]
    fn the_argument_names_engine_and_folder() {
        assert_eq!("llama.cpp=a=b".parse(), Ok(PeerArgument { folder: "a=b".into() }));
        for wrong in ["", "llama.cpp", "llama.cpp=", "openvino=a", "=a"] {
            assert!(wrong.parse::<PeerArgument>().unwrap_err().contains("llama.cpp=FOLDER"), "{wrong}");
        }
    }
}
