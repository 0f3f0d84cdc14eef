//! `sottovoce bench voice`

mod long_run;
mod recordings;
mod report;
mod room;
mod timeline;

use std::{fs, io::Write, num::NonZeroUsize, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use serde_json::json;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_llm::{chat::Overflow, generate::GenerateOptions};
use sottovoce_voice::{
    Manner, SAMPLE_RATE,
    conversation::{Latency, Options},
};

use crate::{
    console,
    loading::{self, ModelOptions},
    machine, progress,
    talking::{ModelThinker, Speech},
};
use long_run::LongRun;
use recordings::{Recordings, Turn};
use report::{Pauses, Report};
use room::Room;

/// How long an answer is listened to.
const LISTENING: Duration = Duration::from_secs(4);
/// Every so many turns an answer is interrupted, after so long.
const INTERRUPTED: usize = 2;
const BEFORE_INTERRUPTION: Duration = Duration::from_millis(500);
/// Lengths of the pauses in turns that have some.
const PAUSES: [Duration; 3] = [Duration::from_millis(400), Duration::from_millis(700), Duration::from_millis(1000)];
/// What the model is told: answers have to be long enough to be interrupted.
const SYSTEM: &str = "You are a knowledgeable assistant who explains everything in several sentences.";

/// Arguments of `bench voice`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Says recordings at real pace to a hands-free conversation, one after the other, and listens to a part of each answer; every \
second answer that is long enough is interrupted. Times are counted from the end of the speech in a recording, as the voice \
activity detector hears it: until it was clear that the turn was over (endpointing), and until the first sound of the answer went to the \
loudspeaker (total). The others are stages between: transcript (from the pause that makes a guess), first token, first \
clause, speech. Stages run while the turn may yet go on, so they do not add up. Barge-in is from the beginning of the \
interrupting speech, by its loudness, to the last sample that is played.

Then come turns with pauses in the middle, listed in pauses.txt in the folder of the recordings: how many were answered \
before they were over (cut short), and how many were taken for over and taken back before anything was heard. Between parts \
and after a turn there is the noise of its room, made of the quietest place in the recording.

With --duration the conversation goes on for so long instead, at real pace, without such pauses; memory and underruns are told \
after each tenth. Memory that is more than 5 % larger at the end than after three tenths is an error.

Examples:
  sottovoce bench voice
  sottovoce bench voice --turns 40 --timeline voice.svg
  sottovoce bench voice --duration 1h
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
    /// Go on for so long, such as 10m or 1h, and watch the memory
    #[arg(long, value_name = "TIME", conflicts_with = "turns", value_parser = long_run::duration)]
    duration: Option<Duration>,
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

/// What came of turns.
#[derive(Default)]
struct Measured {
    turns: usize,
    latencies: Vec<Latency>,
    /// From interruptions to silence, in seconds.
    silences: Vec<f64>,
    /// Interruptions that did not make an answer silent.
    ignored: usize,
    /// Turns that were answered before they were over.
    cut_short: usize,
}

/// Measures.
///
/// # Errors
/// There are no recordings, a model cannot be fetched or fails, memory grows, or the user stops it.
pub fn run(arguments: &VoiceArguments) -> anyhow::Result<()> {
    let recordings = Recordings::read(&arguments.folder)?;
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

    let mut measured = Measured::default();
    let (mut moments, mut pauses) = (Vec::new(), Vec::new());
    if let Some(duration) = arguments.duration {
        let mut long_run = LongRun::begin(duration)?;
        while long_run.goes_on(&measured, room.underruns())? {
            measured.turn(&mut room, &recordings.whole)?;
        }
        moments = long_run.end()?;
    } else {
        let turns = arguments.turns.get();
        let bar =
            progress::step_bar((turns + PAUSES.len() * recordings.with_pauses.len()) as u64).with_message("turns");
        for _ in 0..turns {
            measured.turn(&mut room, &recordings.whole)?;
            bar.inc(1);
        }
        for length in PAUSES {
            pauses.push(with_pauses(&mut room, &recordings.with_pauses, length, &|| bar.inc(1))?);
        }
        pauses.retain(|pauses| pauses.turns > 0);
        bar.finish_and_clear();
    }
    ensure!(!measured.latencies.is_empty(), "no recording was understood and answered");
    let report = Report::new(&measured, pause, room.underruns(), pauses);
    if let Some(path) = &arguments.timeline {
        let svg = timeline::svg(&measured.latencies, pause, &describe_machine()?);
        fs::write(path, svg).with_context(|| format!("cannot write {}", path.display()))?;
    }
    report.print()?;
    if arguments.json {
        let mut report = json!(report);
        report["moments"] = json!(moments);
        writeln!(console::stdout(), "{report}")?;
    }
    Ok(())
}

fn describe_machine() -> anyhow::Result<String> {
    Ok(format!("{}, {} threads", machine::cpu()?.0, machine::threads()))
}

impl Measured {
    /// Says the next turn, and listens to the answer or interrupts it.
    fn turn(&mut self, room: &mut Room, turns: &[Turn]) -> anyhow::Result<()> {
        let turn = &turns[self.turns % turns.len()];
        self.turns += 1;
        room.set_noise(turn.noise());
        let heard = room.ask(&turn.samples(0))?;
        if heard.cut_short {
            self.cut_short += 1;
        } else if let (Some(_), Some(latency)) = (heard.question, heard.latency) {
            self.latencies.push(latency);
            let interrupts = self.turns.is_multiple_of(INTERRUPTED);
            room.listen(if interrupts { BEFORE_INTERRUPTION } else { LISTENING })?;
            if interrupts && room.is_speaking() {
                match room.interrupt(&turns[self.turns % turns.len()].samples(0))? {
                    Some(silence) => self.silences.push(silence.as_secs_f64()),
                    None => self.ignored += 1,
                }
            }
        }
        room.end()
    }
}

/// Says turns with pauses of this length.
fn with_pauses(room: &mut Room, turns: &[Turn], length: Duration, step: &dyn Fn()) -> anyhow::Result<Pauses> {
    let mut pauses = Pauses { length: length.as_secs_f64(), turns: turns.len(), ..Pauses::default() };
    let samples = (length.as_secs_f64() * f64::from(SAMPLE_RATE)) as usize;
    for turn in turns {
        room.set_noise(turn.noise());
        let heard = room.ask(&turn.samples(samples))?;
        pauses.cut_short += usize::from(heard.cut_short);
        pauses.taken_back += usize::from(!heard.cut_short && heard.early > 0);
        room.end()?;
        step();
    }
    Ok(pauses)
}
