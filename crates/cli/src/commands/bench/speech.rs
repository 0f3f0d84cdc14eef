//! `sottovoce bench speech`

use std::{
    fmt, fs,
    io::Write,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use serde::Serialize;
use sottovoce_voice::{
    EndOfTurn, FRAME, Recognizer, SAMPLE_RATE, VoiceActivity,
    asr::{Moonshine, StablePrefix, WordErrors},
    audio::read_wav,
    turn::SmartTurn,
    vad::SileroVad,
};

use super::statistics::Percentiles;
use crate::{
    console::{self, BOLD, DIM},
    interrupt, progress, voice,
};

/// The list of what is said, in the folder of recordings.
const TRANSCRIPTS: &str = "transcripts.tsv";

/// Samples between two transcripts of what is being said, 800 ms, as in a conversation.
const PARTIAL: usize = SAMPLE_RATE as usize * 4 / 5;

/// Arguments of `bench speech`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The folder holds WAV files and transcripts.tsv, on each line a file, a tab, and what is said in it. The word error rate is words \
replaced, left out and added, over words said; case and punctuation do not count. Times are of one recording at a time on an idle \
machine: a frame of 32 ms by the voice activity detector, the question whether somebody has finished, the transcription of the \
whole recording, and of its beginning every 800 ms while it is spoken. Words that two such transcripts agree on are shown and \
never taken back: how many are before the end, and how many of those the whole transcript has otherwise.

Examples:
  sottovoce bench speech
  sottovoce bench speech recordings --repeat 5 --json | tail -n 1 | jq .word_error_rate")]
pub struct SpeechArguments {
    /// Folder with recordings and their transcripts
    #[arg(default_value = "fixtures/speech")]
    folder: PathBuf,
    /// Repeats of everything
    #[arg(long, value_name = "N", default_value = "3")]
    repeat: NonZeroUsize,
    /// End with one JSON object on a line
    #[arg(long)]
    json: bool,
}

/// A recording.
pub struct Clip {
    /// Its file.
    pub name: String,
    /// What is said in it.
    pub said: String,
    /// At [`SAMPLE_RATE`].
    pub samples: Vec<f32>,
}

/// What was measured.
#[derive(Serialize)]
struct Report {
    recordings: usize,
    seconds: f64,
    words: usize,
    errors: usize,
    word_error_rate: f64,
    /// Seconds of transcription in a second of sound.
    real_time_factor: f64,
    /// Seconds of each, of all recordings and repeats.
    voice_activity_frame: Percentiles,
    end_of_turn: Percentiles,
    transcript: Percentiles,
    partial_transcript: Percentiles,
    /// Of the words of all transcripts, the share that was shown before the end of the recording.
    shown_early: f64,
    /// How many of those the transcript has otherwise.
    shown_wrong: usize,
    misunderstood: Vec<Misunderstood>,
}

/// What was said and what was understood.
#[derive(Serialize)]
struct Misunderstood {
    recording: String,
    said: String,
    understood: String,
}

/// The parts that hear.
struct Ears {
    vad: SileroVad,
    turn: SmartTurn,
    recognizer: Moonshine,
}

/// Seconds that things took.
#[derive(Default)]
struct Times {
    frames: Vec<f64>,
    turns: Vec<f64>,
    transcripts: Vec<f64>,
    partials: Vec<f64>,
}

/// Words shown while somebody spoke.
#[derive(Default)]
struct Shown {
    early: usize,
    wrong: usize,
    all: usize,
}

/// Measures and prints.
///
/// # Errors
/// The recordings cannot be read, or the models cannot be fetched or loaded.
pub fn run(arguments: &SpeechArguments) -> anyhow::Result<()> {
    let clips = read(&arguments.folder)?;
    let mut ears =
        Ears { vad: voice::voice_activity()?, turn: voice::end_of_turn()?, recognizer: voice::recognizer()? };
    let (mut times, mut shown) = (Times::default(), Shown::default());
    let (mut total, mut misunderstood) = (WordErrors::default(), Vec::new());
    let repeats = arguments.repeat.get();
    let bar = progress::step_bar((repeats * clips.len()) as u64).with_message("recordings");
    for repeat in 0..repeats {
        for clip in &clips {
            interrupt::stop_if_asked()?;
            let understood = ears.hear(&clip.samples, &mut times)?;
            ears.follow(&clip.samples, &understood, &mut times, &mut shown)?;
            if repeat == 0 {
                let errors = WordErrors::count(&clip.said, &understood);
                total += errors;
                if errors.errors > 0 {
                    let (recording, said) = (clip.name.clone(), clip.said.clone());
                    misunderstood.push(Misunderstood { recording, said, understood });
                }
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let seconds = clips.iter().map(|clip| clip.samples.len() as f64 / f64::from(SAMPLE_RATE)).sum();
    let report = Report {
        recordings: clips.len(),
        seconds,
        words: total.words,
        errors: total.errors,
        word_error_rate: total.rate(),
        real_time_factor: times.transcripts.iter().sum::<f64>() / (seconds * repeats as f64),
        voice_activity_frame: Percentiles::of(times.frames).context("no recording is as long as a frame")?,
        end_of_turn: Percentiles::of(times.turns).context("there are no recordings")?,
        transcript: Percentiles::of(times.transcripts).context("there are no recordings")?,
        partial_transcript: Percentiles::of(times.partials).context("no recording is as long as 800 ms")?,
        shown_early: shown.early as f64 / shown.all.max(1) as f64,
        shown_wrong: shown.wrong / repeats,
        misunderstood,
    };
    let mut out = console::stdout();
    write!(out, "{report}")?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    }
    Ok(())
}

/// The recordings of a folder.
///
/// # Errors
/// They cannot be read, or there are none.
pub fn read(folder: &Path) -> anyhow::Result<Vec<Clip>> {
    let path = folder.join(TRANSCRIPTS);
    let list = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let clip = |line: &str| {
        let (name, said) = line
            .split_once('\t')
            .with_context(|| format!("{}: expected a file, a tab and a transcript, found '{line}'", path.display()))?;
        let samples = read_wav(&folder.join(name), SAMPLE_RATE)?.samples;
        Ok(Clip { name: name.to_owned(), said: said.to_owned(), samples })
    };
    let clips = list.lines().map(clip).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!clips.is_empty(), "{} lists no recording", path.display());
    Ok(clips)
}

impl Ears {
    /// Hears a recording as a conversation does, part by part; gives the transcript.
    fn hear(&mut self, samples: &[f32], times: &mut Times) -> anyhow::Result<String> {
        self.vad.reset();
        for frame in samples.as_chunks::<FRAME>().0 {
            let (heard, seconds) = timed(|| self.vad.probability(frame));
            heard?;
            times.frames.push(seconds);
        }
        let (finished, seconds) = timed(|| self.turn.probability(samples));
        finished?;
        times.turns.push(seconds);
        let (understood, seconds) = timed(|| self.recognizer.recognize(samples));
        times.transcripts.push(seconds);
        Ok(understood?)
    }

    /// Transcribes a recording as it grows, and compares what is shown with the transcript of the whole.
    fn follow(&mut self, samples: &[f32], whole: &str, times: &mut Times, shown: &mut Shown) -> anyhow::Result<()> {
        let (mut prefix, mut text) = (StablePrefix::default(), String::new());
        for end in (PARTIAL..samples.len()).step_by(PARTIAL) {
            let (partial, seconds) = timed(|| self.recognizer.recognize(&samples[..end]));
            text += &prefix.update(&partial?);
            times.partials.push(seconds);
        }
        shown.early += text.split_whitespace().count();
        shown.all += whole.split_whitespace().count();
        text += &prefix.finish(whole);
        shown.wrong += WordErrors::count(whole, &text).errors;
        Ok(())
    }
}

/// A result, and the seconds that it took.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed().as_secs_f64())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{BOLD}{} recordings{BOLD:#}, {:.1} s, {} words", self.recordings, self.seconds, self.words)?;
        let (rate, errors) = (100.0 * self.word_error_rate, self.errors);
        writeln!(f, "word error rate    {rate:.1} %  {DIM}{errors} errors{DIM:#}")?;
        writeln!(f, "real-time factor   {:.3}", self.real_time_factor)?;
        writeln!(f, "{DIM}milliseconds              p50       p90       p95{DIM:#}")?;
        for (name, times) in [
            ("voice activity, a frame", self.voice_activity_frame),
            ("end of turn", self.end_of_turn),
            ("transcript", self.transcript),
            ("transcript of a part", self.partial_transcript),
        ] {
            let Percentiles { p50, p90, p95 } = times;
            writeln!(f, "{name:<23} {:>7.2} {:>9.2} {:>9.2}", p50 * 1e3, p90 * 1e3, p95 * 1e3)?;
        }
        let (early, wrong) = (100.0 * self.shown_early, self.shown_wrong);
        writeln!(f, "while it is spoken  {early:.0} % of the words are shown, {wrong} of them wrongly")?;
        for Misunderstood { recording, said, understood } in &self.misunderstood {
            writeln!(f, "{DIM}{recording}{DIM:#}\n  said        {said}\n  understood  {understood}")?;
        }
        Ok(())
    }
}
