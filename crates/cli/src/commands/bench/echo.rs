//! `sottovoce bench echo`

use std::{fmt, io::Write, path::PathBuf, time::Duration};

use anyhow::ensure;
use serde::Serialize;
use sottovoce_voice::{
    FRAME, Recognizer, SAMPLE_RATE, VoiceActivity,
    asr::WordErrors,
    conversation::{Activity, Change, Options},
    echo::{EchoCanceller, SimulatedRoom},
};

use super::speech::{self, Clip};
use crate::{
    console::{self, BOLD, DIM},
    interrupt, progress, voice,
};

const RATE: usize = SAMPLE_RATE as usize;
/// Rooms by the time that sound takes from the queue of the loudspeaker to that of the microphone.
const DELAYS: [u64; 4] = [20, 60, 120, 200];
const REVERBERATION: Duration = Duration::from_millis(250);
/// The assistant speaks so long before the person does; the first part of it is for learning the room.
const BEFORE: usize = 6 * RATE;
const LEARNING: usize = 2 * RATE;
/// What a recogniser gets from before and after the person's words.
const MARGIN: usize = RATE / 5;
/// Samples that come at a time: 10 ms.
const PIECE: usize = RATE / 100;

/// Arguments of `bench echo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
In simulated rooms, which differ in how late the loudspeaker is heard, the recordings of a folder (as for bench speech) are the \
person, one after the other, and all others the assistant, who speaks on and is as loud at the microphone as the person. Printed \
are how much quieter the echo becomes when the assistant speaks alone, from two seconds after its beginning (ERLE); in how many of \
the answers the voice activity detector hears somebody who is not there, before and after; over how many of them the person is \
noticed; and the word error rate of what the person says alone, over the echo, and after its removal.

Examples:
  sottovoce bench echo
  sottovoce bench echo recordings --json | tail -n 1 | jq .rooms")]
pub struct EchoArguments {
    /// Folder with recordings and their transcripts
    #[arg(default_value = "fixtures/speech")]
    folder: PathBuf,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
}

/// What was measured.
#[derive(Serialize)]
struct Report {
    recordings: usize,
    words: usize,
    word_error_rate_alone: f64,
    rooms: Vec<RoomReport>,
}

/// What was measured in a room.
#[derive(Default, Serialize)]
struct RoomReport {
    delay_milliseconds: u64,
    /// Echo return loss enhancement, in dB.
    enhancement: f64,
    /// Answers in which somebody is heard who is not there.
    false_voices_before: usize,
    false_voices_after: usize,
    /// Answers over which the person is heard.
    noticed: usize,
    word_error_rate_before: f64,
    word_error_rate_after: f64,
    /// Seconds of work for a second of sound.
    real_time_factor: f64,
}

/// Measures and prints.
///
/// # Errors
/// The recordings cannot be read, or the models cannot be fetched or loaded.
pub fn run(arguments: &EchoArguments) -> anyhow::Result<()> {
    let clips = speech::read(&arguments.folder)?;
    ensure!(clips.len() > 1, "an assistant and a person need two recordings; {} has one", arguments.folder.display());
    let (mut vad, mut recognizer) = (voice::voice_activity()?, voice::recognizer()?);
    let mut alone = WordErrors::default();
    for clip in &clips {
        alone += WordErrors::count(&clip.said, &recognizer.recognize(&clip.samples)?);
    }
    let bar = progress::step_bar((DELAYS.len() * clips.len()) as u64).with_message("answers");
    let mut rooms = Vec::new();
    for delay in DELAYS {
        rooms.push(measure(delay, &clips, &mut vad, &mut recognizer, || bar.inc(1))?);
    }
    bar.finish_and_clear();
    let report = Report { recordings: clips.len(), words: alone.words, word_error_rate_alone: alone.rate(), rooms };
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

/// Measures in one room.
fn measure(
    delay: u64,
    clips: &[Clip],
    vad: &mut impl VoiceActivity,
    recognizer: &mut impl Recognizer,
    mut advance: impl FnMut(),
) -> anyhow::Result<RoomReport> {
    let room = SimulatedRoom::new(delay, Duration::from_millis(delay), REVERBERATION);
    let (mut echo_energy, mut left_energy) = (0.0, 0.0);
    let (mut before, mut after) = (WordErrors::default(), WordErrors::default());
    let mut report = RoomReport { delay_milliseconds: delay, ..RoomReport::default() };
    let (mut seconds, mut samples) = (0.0, 0);
    for person in 0..clips.len() {
        interrupt::stop_if_asked()?;
        let Scene { answer, echo, heard } = scene(&room, clips, person);
        let started = std::time::Instant::now();
        let left = clean(&answer, &heard);
        seconds += started.elapsed().as_secs_f64();
        samples += heard.len();

        let assistant_alone = LEARNING..BEFORE;
        echo_energy += energy(&echo[assistant_alone.clone()]);
        left_energy += energy(&left[assistant_alone]);
        report.false_voices_before += usize::from(beginning(vad, &heard)?.is_some_and(|at| at < BEFORE));
        let begun = beginning(vad, &left)?;
        report.false_voices_after += usize::from(begun.is_some_and(|at| at < BEFORE));
        report.noticed += usize::from(begun.is_some_and(|at| at >= BEFORE));
        let turn = BEFORE - MARGIN..left.len();
        before += WordErrors::count(&clips[person].said, &recognizer.recognize(&heard[turn.clone()])?);
        after += WordErrors::count(&clips[person].said, &recognizer.recognize(&left[turn])?);
        advance();
    }
    report.enhancement = 10.0 * (echo_energy / left_energy).log10();
    (report.word_error_rate_before, report.word_error_rate_after) = (before.rate(), after.rate());
    report.real_time_factor = seconds * RATE as f64 / samples as f64;
    Ok(report)
}

/// A person over an answer.
struct Scene {
    answer: Vec<f32>,
    echo: Vec<f32>,
    /// The echo and the person.
    heard: Vec<f32>,
}

/// The recording `person` over the echo of all others, from [`BEFORE`] on.
fn scene(room: &SimulatedRoom, clips: &[Clip], person: usize) -> Scene {
    let voice = &clips[person].samples;
    let length = BEFORE + voice.len() + MARGIN;
    let others = (1..clips.len()).map(|step| &clips[(person + step) % clips.len()].samples);
    let mut answer: Vec<f32> = others.cycle().flatten().copied().take(length).collect();
    let mut echo = room.echo(&answer);
    let loudness = (energy(voice) / voice.len() as f64 / (energy(&echo) / length as f64)).sqrt() as f32;
    answer.iter_mut().chain(&mut echo).for_each(|sample| *sample *= loudness);
    let mut heard = echo.clone();
    heard[BEFORE..].iter_mut().zip(voice).for_each(|(heard, sample)| *heard += sample);
    Scene { answer, echo, heard }
}

fn clean(answer: &[f32], heard: &[f32]) -> Vec<f32> {
    let (mut canceller, mut left) = (EchoCanceller::new(), Vec::with_capacity(heard.len()));
    for (answer, heard) in answer.chunks(PIECE).zip(heard.chunks(PIECE)) {
        canceller.played(answer);
        canceller.clean(heard, &mut left);
    }
    left
}

fn energy(samples: &[f32]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// The sample at which a conversation would hear the beginning of a turn.
fn beginning(vad: &mut impl VoiceActivity, sound: &[f32]) -> anyhow::Result<Option<usize>> {
    let Options { speech, still_speech, onset, pause, .. } = Options::default();
    let mut activity = Activity::new(speech, still_speech, onset, pause);
    vad.reset();
    for (index, frame) in sound.as_chunks::<FRAME>().0.iter().enumerate() {
        if activity.push(vad.probability(frame)?) == Some(Change::Began) {
            return Ok(Some(index * FRAME));
        }
    }
    Ok(None)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, alone) = (self.recordings, 100.0 * self.word_error_rate_alone);
        writeln!(f, "{BOLD}{count} recordings{BOLD:#} over each other's echoes, {} words", self.words)?;
        writeln!(f, "word error rate of the person alone {alone:.1} %")?;
        writeln!(f, "{DIM}delay      echo    heard itself       person    word error rate       work for{DIM:#}")?;
        writeln!(f, "{DIM}        removed  before   after      noticed     echo   removed       a second{DIM:#}")?;
        for room in &self.rooms {
            let RoomReport { delay_milliseconds: delay, enhancement, noticed, .. } = *room;
            let (before, after) = (room.false_voices_before, room.false_voices_after);
            let [errors_before, errors_after] =
                [room.word_error_rate_before, room.word_error_rate_after].map(|rate| 100.0 * rate);
            let work = 1e3 * room.real_time_factor;
            writeln!(
                f,
                "{delay:>3} ms {enhancement:>5.1} dB {before:>7} {after:>7} {noticed:>5} of {count:<3} \
                 {errors_before:>8.1} % {errors_after:>7.1} % {work:>11.2} ms",
            )?;
        }
        Ok(())
    }
}
