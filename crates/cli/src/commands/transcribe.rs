//! `sottovoce transcribe`

use std::{io::Write, path::PathBuf};

use serde::Serialize;
use sottovoce_voice::{
    Audio,
    asr::{Segment, Transcriber},
};

use crate::{console, interrupt, progress, voice};

/// Arguments of `transcribe`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
English. Takes WAV files of integers or floats at any sample rate, with any number of channels, up to two hours. Each line is a \
stretch of speech; where nobody speaks there is none. The models, 75 MB, are fetched on first use.

Examples:
  sottovoce transcribe fixtures/speech/question.wav
  arecord -f S16_LE -r 16000 -d 10 | sottovoce transcribe -
  sottovoce transcribe interview.wav --json | jq -r '.segments[] | \"\\(.start) \\(.text)\"'")]
pub struct Arguments {
    /// WAV file, or `-` for standard input
    file: PathBuf,
    /// Print one JSON object: the text, the recording's duration, and segments with their times in seconds
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    text: String,
    duration: f64,
    segments: Vec<ReportSegment>,
}

#[derive(Serialize)]
struct ReportSegment {
    start: f64,
    end: f64,
    text: String,
}

impl Report {
    fn new(audio: &Audio, segments: Vec<Segment>) -> Self {
        let milliseconds = |time: std::time::Duration| (time.as_secs_f64() * 1e3).round() / 1e3;
        let texts: Vec<&str> = segments.iter().map(|segment| segment.text.as_str()).collect();
        Self {
            text: texts.join(" "),
            duration: milliseconds(audio.duration()),
            segments: segments
                .into_iter()
                .map(|Segment { start, end, text }| ReportSegment {
                    start: milliseconds(start),
                    end: milliseconds(end),
                    text,
                })
                .collect(),
        }
    }
}

/// Prints what is said in a recording.
///
/// # Errors
/// The recording cannot be read, or the models cannot be fetched or loaded.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let audio = voice::read_recording(&arguments.file)?;
    let mut transcriber = Transcriber::new(voice::voice_activity()?, voice::recognizer()?);
    let bar = progress::step_bar(100).with_message("% heard");
    let mut out = console::stdout();
    let mut printed = Ok(());
    let segments = transcriber.transcribe(&audio.samples, &mut |done, segment| {
        bar.set_position((100.0 * done) as u64);
        if let Some(segment) = segment.filter(|_| !arguments.json && printed.is_ok()) {
            printed = bar.suspend(|| writeln!(out, "{}", segment.text));
        }
        if printed.is_err() { std::ops::ControlFlow::Break(()) } else { interrupt::check() }
    });
    bar.finish_and_clear();
    printed?;
    let segments = segments?;
    interrupt::stop_if_asked()?;
    if segments.is_empty() {
        console::note("nobody is heard speaking");
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&Report::new(&audio, segments))?)?;
    }
    Ok(())
}
