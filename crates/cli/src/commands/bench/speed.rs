//! `sottovoce bench MODEL`: prefill and decode, by depth and number of threads, repeats of everything in turn.

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use sottovoce_hub::{DEFAULT_MODEL, Hub};
use sottovoce_kernels::Kernels;
use sottovoce_runtime::LoadOptions;

use super::{
    against::{LlamaCpp, PeerArgument, PeerReport, PeerSample, PeerSpeed},
    limits::{self, Buffer, Probe},
    profile::{CallProfile, Roofline},
    report::{LoadSeconds, ModelReport, Report, Sample, Share, Speed},
    statistics::Summary,
    subject::{Profiles, Subject},
};
use crate::{console, loading::PackageOptions, machine, model_folder, progress};

/// Depths to measure unless others are asked for.
const DEPTHS: [usize; 3] = [0, 1024, 4096];
/// Times that a model is loaded from files that are in memory.
const LOADS: usize = 3;

/// What to measure.
#[derive(Debug, clap::Args)]
pub struct SpeedArguments {
    /// Catalogue name, model folder, or package [default: smollm2-135m-instruct; with --limits only if it is here]
    model: Option<String>,
    /// Tokens of the prompt
    #[arg(long, value_name = "N", default_value = "512")]
    prompt: NonZeroUsize,
    /// Tokens to decode
    #[arg(long, value_name = "N", default_value = "128")]
    decode: NonZeroUsize,
    /// Positions in the cache beforehand, several with commas [default: 0,1024,4096; with --against 0]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    depth: Vec<usize>,
    /// Threads, several with commas [default: what the CPU affinity and the cgroup quota allow]
    #[arg(long, value_name = "N", value_delimiter = ',')]
    threads: Vec<NonZeroUsize>,
    /// Repeats that count
    #[arg(long, value_name = "N", default_value = "5")]
    repeat: NonZeroUsize,
    /// Measure the limits of this machine too: reading by size, arithmetic by level
    #[arg(long)]
    limits: bool,
    /// Show what each kind of step takes, against its limit
    #[arg(long)]
    profile: bool,
    /// Take turns with another engine: the folder that holds llama-bench
    #[arg(long, value_name = "llama.cpp=FOLDER", requires = "gguf")]
    against: Option<PeerArgument>,
    /// The model that the other engine runs
    #[arg(long, value_name = "FILE", requires = "against")]
    gguf: Option<PathBuf>,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    package: PackageOptions,
}

/// Measures and prints.
///
/// # Errors
/// The model cannot be loaded or fails, the sizes exceed its context, or the other engine fails.
pub fn run(arguments: &SpeedArguments) -> anyhow::Result<()> {
    let peer = arguments.against.as_ref().zip(arguments.gguf.as_deref());
    let peer = peer.map(|(peer, gguf)| LlamaCpp::new(peer, gguf)).transpose()?;
    let mut report = Report::default();
    if let Some(path) = find_model(arguments)? {
        report.model = Some(measure_model(arguments, &path, peer.as_ref())?);
    }
    if arguments.limits {
        let first = report.model.as_ref().and_then(|model| model.speeds.first());
        let bytes = first.and_then(|speed| speed.limit.as_ref()).map(|limit| limit.bytes_per_token as usize);
        report.limits = Some(limits::measure(bytes, *threads(arguments).iter().max().unwrap_or(&1))?);
    }
    report.print(arguments.json)
}

/// The model to measure. The limits of a machine need none: then the default one counts only if it is here already.
fn find_model(arguments: &SpeedArguments) -> anyhow::Result<Option<PathBuf>> {
    let machine_alone = arguments.limits && !arguments.profile && arguments.against.is_none();
    match &arguments.model {
        Some(name) => model_folder::find(name).map(Some),
        None if machine_alone => {
            let folder = Hub::from_env()?.cache().model_folder(DEFAULT_MODEL);
            Ok(folder.is_dir().then_some(folder))
        }
        None => model_folder::find(DEFAULT_MODEL).map(Some),
    }
}

fn threads(arguments: &SpeedArguments) -> Vec<usize> {
    match arguments.threads.as_slice() {
        [] => vec![machine::threads()],
        some => some.iter().map(|threads| threads.get()).collect(),
    }
}

/// The model with a number of threads, and what is known of it at each depth.
struct Contender {
    threads: usize,
    subject: Subject,
    probe: Probe,
    rows: Vec<Row>,
}

/// One line of the table.
struct Row {
    depth: usize,
    /// Of the repeat that warms up.
    work: Profiles,
    samples: Vec<Sample>,
    peer: Vec<PeerSample>,
}

fn measure_model(arguments: &SpeedArguments, path: &Path, peer: Option<&LlamaCpp>) -> anyhow::Result<ModelReport> {
    let lengths = (arguments.prompt.get(), arguments.decode.get());
    let options = |threads: usize| arguments.package.load_options(Some(threads));
    let mut threads = threads(arguments).into_iter();
    let one = threads.next().context("no number of threads")?;
    let (subject, load_seconds) = load(path, &options(one))?;
    let depths = depths(&arguments.depth, peer.is_some(), subject.context(), lengths)?;
    let mut contenders = vec![Contender::warm_up(one, subject, &depths, lengths)?];
    // With one model in memory, before there are more.
    let peak_memory_bytes = machine::peak_memory();
    for threads in threads {
        let (subject, _) = Subject::load(path, &options(threads))?;
        contenders.push(Contender::warm_up(threads, subject, &depths, lengths)?);
    }
    measure_in_turn(&mut contenders, arguments.repeat.get(), lengths, peer)?;
    let profile = if arguments.profile { profile(&mut contenders, lengths)? } else { Vec::new() };
    let mut speeds = Vec::new();
    for contender in &contenders {
        for row in &contender.rows {
            speeds.push(row.speed(contender.threads, lengths).context("no repeats")?);
        }
    }
    let (Contender { subject, rows, .. }, first) = (&contenders[0], &speeds[0]);
    let compared = peer.zip(rows[0].peer.first()).zip(first.peer.as_ref());
    Ok(ModelReport {
        package: subject.package_name(),
        level: Kernels::detect()?.isa().name(),
        context: subject.context(),
        prompt_tokens: lengths.0,
        decode_tokens: lengths.1,
        repeats: arguments.repeat.get(),
        load_seconds,
        peak_memory_bytes,
        prefill_tokens_per_second: first.prefill.median,
        decode_tokens_per_second: first.decode.median,
        peer: compared.map(|((peer, sample), speed)| PeerReport::new(peer, sample, speed)),
        speeds,
        profile,
    })
}

/// Loads the model once as it lies there, then from files that the first time has brought into memory.
fn load(path: &Path, options: &LoadOptions) -> anyhow::Result<(Subject, LoadSeconds)> {
    let (mut subject, first) = Subject::load(path, options)?;
    let mut warm = Vec::new();
    for _ in 0..LOADS {
        // There is never more than one in memory.
        drop(subject);
        let (again, seconds) = Subject::load(path, options)?;
        warm.push(seconds);
        subject = again;
    }
    subject.announce();
    let warm = Summary::of(warm).context("not loaded")?;
    Ok((subject, LoadSeconds { first, warm }))
}

/// The depths to measure: those asked for, or the default ones, that leave room for the prompt and for decoding.
fn depths(
    asked: &[usize],
    against: bool,
    context: usize,
    (prompt, decode): (usize, usize),
) -> anyhow::Result<Vec<usize>> {
    let wanted = match asked {
        [] if against => &DEPTHS[..1],
        [] => &DEPTHS[..],
        asked => asked,
    };
    let longest = prompt.max(decode);
    let (mut fitting, too_deep): (Vec<usize>, Vec<usize>) =
        wanted.iter().partition(|&&depth| depth.checked_add(longest).is_some_and(|end| end <= context));
    ensure!(
        !fitting.is_empty(),
        "{longest} tokens at depth {} do not fit the model's context of {context}; ask for fewer with --prompt, --decode \
         or --depth",
        wanted.iter().min().unwrap_or(&0)
    );
    for depth in too_deep {
        console::note(format_args!("left out depth {depth}: {longest} more tokens exceed the context of {context}"));
    }
    fitting.sort_unstable();
    fitting.dedup();
    Ok(fitting)
}

/// Repeats everything in turn, so that what changes on the machine meanwhile changes all figures alike.
fn measure_in_turn(
    contenders: &mut [Contender],
    repeats: usize,
    lengths: (usize, usize),
    peer: Option<&LlamaCpp>,
) -> anyhow::Result<()> {
    let bytes = contenders.iter().flat_map(|contender| &contender.rows).map(|row| row.bytes_per_token(lengths.1));
    let buffer = Buffer::new(bytes.max().unwrap_or(0))?;
    let rows: usize = contenders.iter().map(|contender| contender.rows.len()).sum();
    let bar = progress::step_bar((repeats * rows) as u64);
    for _ in 0..repeats {
        for Contender { threads, subject, probe, rows } in contenders.iter_mut() {
            for row in rows {
                bar.set_message(format!("{threads} threads at depth {}", row.depth));
                if peer.is_some() {
                    // As llama-bench does before its turn: the machine was someone else's meanwhile.
                    subject.prefill(row.depth, lengths.0)?;
                }
                row.samples.push(Sample {
                    read: probe.read(buffer.first(row.bytes_per_token(lengths.1))),
                    int8: probe.int8(),
                    f32: probe.f32(),
                    prefill: subject.prefill(row.depth, lengths.0)?,
                    decode: subject.decode(row.depth, lengths.1)?,
                });
                if let Some(peer) = peer {
                    row.peer.push(peer.measure(*threads, row.depth, lengths)?);
                }
                bar.inc(1);
            }
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// One more repeat, in which steps are timed; the time that takes is why it is not one of those that count.
fn profile(contenders: &mut [Contender], (prompt, decode): (usize, usize)) -> anyhow::Result<Vec<CallProfile>> {
    let mut calls = Vec::new();
    for Contender { threads, subject, rows, .. } in contenders {
        for row in rows {
            let Some(last) = row.samples.last() else { continue };
            let roofline = Roofline { read: last.read, int8: last.int8, f32: last.f32 };
            let Profiles { prefill, decode: decoding } = subject.profile(row.depth, prompt, decode)?;
            calls.push(CallProfile::new("prefill", (*threads, row.depth, prompt), &prefill, &roofline));
            calls.push(CallProfile::new("decode", (*threads, row.depth, decode), &decoding, &roofline));
        }
    }
    Ok(calls)
}

impl Contender {
    /// Runs everything once: pages are mapped then, and the work is known.
    fn warm_up(
        threads: usize,
        mut subject: Subject,
        depths: &[usize],
        (prompt, decode): (usize, usize),
    ) -> anyhow::Result<Self> {
        let wheel = progress::spinner(format!("warming up with {threads} threads"));
        let row = |&depth: &usize| {
            let work = subject.profile(depth, prompt, decode)?;
            Ok(Row { depth, work, samples: Vec::new(), peer: Vec::new() })
        };
        let rows = depths.iter().map(row).collect::<anyhow::Result<_>>()?;
        wheel.finish_and_clear();
        Ok(Self { threads, subject, probe: Probe::new(Kernels::detect()?, threads), rows })
    }
}

impl Row {
    fn bytes_per_token(&self, decode: usize) -> usize {
        (self.work.decode.steps.work().bytes / decode as u64) as usize
    }

    fn speed(&self, threads: usize, (prompt, decode): (usize, usize)) -> Option<Speed> {
        let Profiles { prefill: prefilling, decode: decoding } = &self.work;
        let known = !decoding.steps.kinds.is_empty();
        let limit = Share::of(&self.samples, (prompt, prefilling.steps.work()), (decode, decoding.steps.work()));
        Some(Speed {
            threads,
            depth: self.depth,
            prefill: Summary::of(self.samples.iter().map(|sample| sample.prefill))?,
            decode: Summary::of(self.samples.iter().map(|sample| sample.decode))?,
            limit: limit.filter(|_| known),
            peer: PeerSpeed::of(&self.samples, &self.peer),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depths_that_leave_room_are_measured_in_order() {
        let depths = |asked: &[usize], against, context| depths(asked, against, context, (512, 128));
        assert_eq!(depths(&[], false, 8192).unwrap(), [0, 1024, 4096]);
        assert_eq!(depths(&[], false, 2048).unwrap(), [0, 1024]);
        assert_eq!(depths(&[], true, 8192).unwrap(), [0]);
        assert_eq!(depths(&[7, 0, 7, 1536, 1537, usize::MAX], true, 2048).unwrap(), [0, 7, 1536]);
        assert_eq!(depths(&[], false, 512).unwrap(), [0]);
        let error = depths(&[5], false, 512).unwrap_err().to_string();
        assert!(error.contains("512 tokens at depth 5") && error.contains("context of 512"), "{error}");
    }
}
