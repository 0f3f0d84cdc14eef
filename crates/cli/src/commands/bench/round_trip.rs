//! `sottovoce bench round-trip`

use std::{
    fmt, fs,
    io::Write,
    num::NonZeroUsize,
    ops::ControlFlow,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde::Serialize;
use sottovoce_voice::{
    Manner, Recognizer, SAMPLE_RATE, Synthesizer, asr::WordErrors, audio::Resampler, speakable::clauses,
};

use super::statistics::Percentiles;
use crate::{
    console::{self, BOLD, DIM},
    interrupt, progress,
    voice::{self, Engine},
};

/// What is said if nothing else is asked for; written for this project.
const SENTENCES: &str = include_str!("round_trip.txt");

/// Arguments of `bench round-trip`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Every sentence is said clause by clause, as an answer is, and what was said is transcribed. The word error rate is words \
replaced, left out and added, over words of the text: errors of the voice and of the recogniser together, which `bench \
speech` measures alone. The first sound is counted from the moment at which the first clause is there. Numbers in digits \
count as misunderstood: the list has none.

Examples:
  sottovoce bench round-trip
  sottovoce bench round-trip --engine hibari,piper --repeat 3
  sottovoce bench round-trip --sentences my-sentences.txt --json | tail -n 1 | jq '.[0].word_error_rate'")]
pub struct RoundTripArguments {
    /// Engines to compare
    #[arg(long, value_enum, value_delimiter = ',', default_value = "hibari")]
    engine: Vec<Engine>,
    /// A text with a sentence on each line; 30 plain sentences if absent
    #[arg(long, value_name = "FILE")]
    sentences: Option<PathBuf>,
    /// Repeats of everything; what is understood is counted in the first
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZeroUsize,
    /// End with one JSON array on a line
    #[arg(long)]
    json: bool,
}

/// What was measured of a voice.
#[derive(Serialize)]
struct Report {
    voice: String,
    sentences: usize,
    words: usize,
    errors: usize,
    word_error_rate: f64,
    /// Seconds that the sentences play.
    seconds: f64,
    /// Seconds of work in a second of speech.
    real_time_factor: f64,
    /// Seconds from a first clause to its first sound.
    first_sound: Percentiles,
    misunderstood: Vec<Misunderstood>,
}

/// What was said and what was understood.
#[derive(Serialize)]
struct Misunderstood {
    said: String,
    understood: String,
}

/// A sentence that was said.
struct Said {
    samples: Vec<f32>,
    first_sound: Duration,
    took: Duration,
}

/// Measures and prints.
///
/// # Errors
/// The sentences cannot be read, or the models cannot be fetched or fail.
pub fn run(arguments: &RoundTripArguments) -> anyhow::Result<()> {
    let text = match &arguments.sentences {
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?,
        None => SENTENCES.to_owned(),
    };
    let sentences: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    ensure!(!sentences.is_empty(), "there is no sentence to say");
    let mut recognizer = voice::recognizer()?;
    let mut out = console::stdout();
    let mut reports = Vec::new();
    for &engine in &arguments.engine {
        let mut synthesizer = voice::synthesizer(engine)?;
        let report = measure(synthesizer.as_mut(), &mut recognizer, &sentences, arguments.repeat.get())?;
        write!(out, "{report}")?;
        reports.push(report);
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&reports)?)?;
    }
    Ok(())
}

fn measure(
    voice: &mut dyn Synthesizer,
    recognizer: &mut dyn Recognizer,
    sentences: &[&str],
    repeats: usize,
) -> anyhow::Result<Report> {
    // What is allocated once is not part of anyone's answer.
    say(voice, "Ready.")?;
    let (mut first_sounds, mut total, mut misunderstood) = (Vec::new(), WordErrors::default(), Vec::new());
    let (mut samples, mut took) = (0, Duration::ZERO);
    let bar = progress::step_bar((repeats * sentences.len()) as u64);
    for repeat in 0..repeats {
        for sentence in sentences {
            interrupt::stop_if_asked()?;
            bar.set_message((*sentence).to_owned());
            let said = say(voice, sentence)?;
            first_sounds.push(said.first_sound.as_secs_f64());
            took += said.took;
            samples += said.samples.len();
            if repeat == 0 {
                let understood = recognizer.recognize(&for_recognizer(&said.samples, voice.sample_rate()))?;
                let errors = WordErrors::count(sentence, &understood);
                total += errors;
                if errors.errors > 0 {
                    misunderstood.push(Misunderstood { said: (*sentence).to_owned(), understood });
                }
            }
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    let seconds = samples as f64 / f64::from(voice.sample_rate());
    Ok(Report {
        voice: voice.voices().first().copied().unwrap_or_default().to_owned(),
        sentences: sentences.len(),
        words: total.words,
        errors: total.errors,
        word_error_rate: total.rate(),
        seconds: seconds / repeats as f64,
        real_time_factor: took.as_secs_f64() / seconds,
        first_sound: Percentiles::of(first_sounds).context("there is no sentence to say")?,
        misunderstood,
    })
}

/// Says a sentence as an answer is said, clause by clause.
fn say(voice: &mut dyn Synthesizer, sentence: &str) -> anyhow::Result<Said> {
    let begun = Instant::now();
    let (mut samples, mut first_sound) = (Vec::new(), None);
    for clause in clauses(sentence) {
        voice.synthesize(&clause.text, &Manner::default(), &mut |piece| {
            first_sound.get_or_insert_with(|| begun.elapsed());
            samples.extend_from_slice(piece);
            ControlFlow::Continue(())
        })?;
    }
    let took = begun.elapsed();
    let first_sound = first_sound.with_context(|| format!("the voice can say nothing of '{sentence}'"))?;
    Ok(Said { samples, first_sound, took })
}

/// The sound as the recogniser takes it, with silence around, as a recording has.
fn for_recognizer(samples: &[f32], sample_rate: u32) -> Vec<f32> {
    let silence = vec![0.0; SAMPLE_RATE as usize / 4];
    let mut resampled = silence.clone();
    let mut resampler = Resampler::new(sample_rate, SAMPLE_RATE);
    resampler.push(samples, &mut resampled);
    resampler.finish(&mut resampled);
    resampled.extend(silence);
    resampled
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (voice, sentences, words) = (&self.voice, self.sentences, self.words);
        writeln!(f, "{BOLD}{voice}{BOLD:#}: {sentences} sentences, {words} words, {:.1} s of speech", self.seconds)?;
        let (rate, errors) = (100.0 * self.word_error_rate, self.errors);
        writeln!(f, "word error rate    {rate:.1} %  {DIM}{errors} errors{DIM:#}")?;
        writeln!(f, "real-time factor   {:.3}", self.real_time_factor)?;
        let Percentiles { p50, p90, p95 } = self.first_sound;
        let [p50, p90, p95] = [p50, p90, p95].map(|seconds| seconds * 1e3);
        writeln!(f, "first sound        p50 {p50:.0} ms, p90 {p90:.0} ms, p95 {p95:.0} ms")?;
        for Misunderstood { said, understood } in &self.misunderstood {
            writeln!(f, "  said        {said}\n  understood  {understood}")?;
        }
        Ok(())
    }
}
