//! `sottovoce bench voice`

mod room;
mod timeline;

use std::{fs, io::Write, num::NonZeroUsize, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use serde::Serialize;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{chat::Overflow, generate::GenerateOptions};
use sottovoce_voice::{
    Manner, SAMPLE_RATE,
    audio::read_wav,
    conversation::{Latency, Options},
};

use super::statistics::Percentiles;
use crate::{
    console::{self, BOLD, DIM},
    loading::{self, ModelOptions},
    machine, progress,
    talking::{ModelThinker, Speech},
};
use room::{Heard, Room};

/// How long an answer is listened to.
const LISTENING: Duration = Duration::from_secs(4);
/// Every so many turns an answer is interrupted, after so long.
const INTERRUPTED: usize = 3;
const BEFORE_INTERRUPTION: Duration = Duration::from_millis(500);
/// What the model is told: answers have to be long enough to be interrupted.
const SYSTEM: &str = "You are a knowledgeable assistant who explains everything in several sentences.";

/// Arguments of `bench voice`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Says recordings at real pace to a hands-free conversation, one after the other, and listens to a part of each answer; every
third answer that is long enough is interrupted. Times are counted from the end of the speech in a recording, as the voice activity detector
hears it: until it was clear that the turn was over (endpointing), and until the first sound of the answer went to the
loudspeaker (total). The others are stages between: transcript (from the pause that makes a guess), first token, first
clause, speech. Stages run while the turn may yet go on, so they do not add up. Barge-in is from the beginning of the
interrupting speech to silence.

Examples:
  sottovoce bench voice
  sottovoce bench voice --turns 40 --timeline voice.svg
  sottovoce bench voice my-model --folder recordings --json | tail -n 1 | jq .total")]
pub struct VoiceArguments {
    /// Model that answers
    #[arg(default_value = DEFAULT_MODEL)]
    model: String,
    /// Folder with recordings: WAV files, a person's turn each
    #[arg(long, value_name = "FOLDER", default_value = "fixtures/speech")]
    folder: PathBuf,
    /// Turns of the conversation
    #[arg(long, value_name = "N", default_value = "28")]
    turns: NonZeroUsize,
    /// Tokens of an answer at most
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_tokens: usize,
    /// Draw the stages of a turn of median length into this SVG file
    #[arg(long, value_name = "FILE")]
    timeline: Option<PathBuf>,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: ModelOptions,
}

/// What was measured: percentiles in seconds.
#[derive(Serialize)]
struct Report {
    turns: usize,
    /// Turns that were not understood, or not answered.
    unanswered: usize,
    endpointing: Percentiles,
    transcript: Percentiles,
    first_token: Percentiles,
    first_clause: Percentiles,
    speech: Percentiles,
    total: Percentiles,
    /// `None` where nothing was interrupted.
    barge_in: Option<Percentiles>,
    /// Interruptions that did not make the answer silent.
    ignored_interruptions: usize,
    underruns: usize,
}

/// Measures.
///
/// # Errors
/// There are no recordings, a model cannot be fetched or fails, or the user stops it.
pub fn run(arguments: &VoiceArguments) -> anyhow::Result<()> {
    let recordings = arguments.recordings()?;
    let speech = Speech::open()?;
    let loaded = loading::load(&arguments.model, &arguments.options)?;
    let mut conversation = loaded.folder.conversation(loaded.model)?;
    conversation.set_system(Some(SYSTEM.to_owned()));
    conversation.set_overflow(Overflow::Forget);
    let max_tokens = Some(arguments.max_tokens);
    let thinker = ModelThinker::new(conversation, move || GenerateOptions { max_tokens, ..GenerateOptions::default() });
    let options = Options::default();
    let pause = options.pause;
    let mut room = Room::open(speech.parts(thinker, Manner::default()), options);

    let (mut latencies, mut silences, mut ignored) = (Vec::new(), Vec::new(), 0);
    let turns = arguments.turns.get();
    let bar = progress::step_bar(turns as u64).with_message("turns");
    for turn in 0..turns {
        let recording = &recordings[turn % recordings.len()];
        let heard = room.ask(recording)?;
        if let Heard { question: Some(_), latency: Some(latency) } = heard {
            latencies.push(latency);
            let interrupts = turn % INTERRUPTED == INTERRUPTED - 1;
            room.listen(if interrupts { BEFORE_INTERRUPTION } else { LISTENING })?;
            if interrupts && room.is_speaking() {
                match room.interrupt(&recordings[(turn + 1) % recordings.len()])? {
                    Some(silence) => silences.push(silence.as_secs_f64()),
                    None => ignored += 1,
                }
            }
        }
        room.end()?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    ensure!(!latencies.is_empty(), "no recording was understood and answered");
    let report = Report::new(&latencies, pause, turns, silences, ignored, room.underruns());
    if let Some(path) = &arguments.timeline {
        let svg = timeline::svg(&latencies, pause, &describe_machine()?);
        fs::write(path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    print(&report)?;
    if arguments.json {
        writeln!(console::stdout(), "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

fn describe_machine() -> anyhow::Result<String> {
    Ok(format!("{}, {} threads", machine::cpu()?.0, machine::threads()))
}

impl VoiceArguments {
    /// The recordings of the folder by name.
    fn recordings(&self) -> anyhow::Result<Vec<Vec<f32>>> {
        let entries = fs::read_dir(&self.folder).with_context(|| format!("cannot read {}", self.folder.display()))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "wav"));
        paths.sort();
        ensure!(!paths.is_empty(), "there are no WAV files in {}", self.folder.display());
        paths.iter().map(|path| Ok(read_wav(path, SAMPLE_RATE)?.samples)).collect()
    }
}

/// The stages of a turn, which began when the one before ended: their names, and when they ended.
fn stages(latency: &Latency, pause: Duration) -> [(&'static str, Duration, Duration); 4] {
    let Latency { transcript, first_text, first_clause, first_sound, .. } = *latency;
    [
        ("transcript", pause, transcript),
        ("first token", transcript, first_text),
        ("first clause", first_text, first_clause),
        ("speech", first_clause, first_sound),
    ]
}

impl Report {
    fn new(
        latencies: &[Latency],
        pause: Duration,
        turns: usize,
        silences: Vec<f64>,
        ignored_interruptions: usize,
        underruns: usize,
    ) -> Self {
        let of = |time: &dyn Fn(&Latency) -> Duration| {
            let times = latencies.iter().map(|latency| time(latency).as_secs_f64()).collect();
            Percentiles::of(times).unwrap_or_else(|| unreachable!("there is a turn"))
        };
        let stage = |number: usize| {
            of(&|latency| {
                let (_, begin, end) = stages(latency, pause)[number];
                end.saturating_sub(begin)
            })
        };
        Self {
            turns,
            unanswered: turns - latencies.len(),
            endpointing: of(&|latency| latency.endpointing),
            transcript: stage(0),
            first_token: stage(1),
            first_clause: stage(2),
            speech: stage(3),
            total: of(&|latency| latency.first_audio),
            barge_in: Percentiles::of(silences),
            ignored_interruptions,
            underruns,
        }
    }
}

fn print(report: &Report) -> anyhow::Result<()> {
    let mut out = console::stdout();
    writeln!(out, "{DIM}{:<14}{:>9}{:>9}{:>9}{DIM:#}", "milliseconds", "p50", "p90", "p95")?;
    let rows = [
        ("endpointing", Some(&report.endpointing)),
        ("transcript", Some(&report.transcript)),
        ("first token", Some(&report.first_token)),
        ("first clause", Some(&report.first_clause)),
        ("speech", Some(&report.speech)),
        ("total", Some(&report.total)),
        ("barge-in", report.barge_in.as_ref()),
    ];
    for (name, percentiles) in rows {
        let Some(Percentiles { p50, p90, p95 }) = percentiles else { continue };
        let [p50, p90, p95] = [p50, p90, p95].map(|seconds| format!("{:.0}", seconds * 1e3));
        let style = if name == "total" { BOLD } else { anstyle::Style::new() };
        writeln!(out, "{style}{name:<14}{p50:>9}{p90:>9}{p95:>9}{style:#}")?;
    }
    let Report { turns, unanswered, ignored_interruptions, underruns, .. } = report;
    writeln!(
        out,
        "{turns} turns, {unanswered} not answered; {ignored_interruptions} interruptions ignored; {underruns} underruns"
    )?;
    Ok(())
}
