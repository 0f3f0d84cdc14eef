//! `sottovoce speak`

use std::{
    fs::File,
    io::{self, BufWriter, Stdout, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use sottovoce_voice::{
    Manner, Synthesizer,
    audio::to_pcm16,
    speakable::{Clause, clauses},
    tts::unspeakable,
};

use crate::{
    console, input,
    interrupt::{self, Interrupted},
    progress,
    voice::{self, Engine},
};

/// The pause between two paragraphs, beyond that of a sentence.
const PARAGRAPH: Duration = Duration::from_millis(350);

/// Arguments of `speak`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Markdown is taken off, and the text is said clause by clause: WAV on stdout can be played while it is made. Letters of \
scripts that an English voice cannot read are left out. The voice is fetched when it is first used.

Examples:
  sottovoce speak \"The answer is 42.\" -o answer.wav
  sottovoce speak - -o book.wav --speed 1.25 < book.md
  sottovoce speak \"Hello there.\" -o - | aplay
  sottovoce speak \"Hello there.\" -o hello.wav --engine piper")]
pub struct Arguments {
    /// What to say; - reads stdin
    text: String,
    /// The WAV file to write, or - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// What makes the speech
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
    /// One of the engine's voices; its first if absent
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    /// How fast, from 0.5 to 2
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    speed: f32,
}

/// Says a text.
///
/// # Errors
/// There is nothing to say, the voice cannot be had or fails, the file cannot be written, or the user stops it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let text = input::argument_or_stdin(&arguments.text)?;
    let clauses = clauses(&text);
    if clauses.is_empty() {
        bail!("there is nothing to say in the text: it has no letter and no digit");
    }
    let left_out = unspeakable(&text);
    if !left_out.is_empty() {
        let some: String = left_out.chars().take(20).collect();
        console::warn(format_args!("an English voice cannot read {some} and leaves it out"));
    }
    let mut voice = voice::synthesizer(arguments.engine)?;
    let manner = Manner { voice: arguments.voice.clone(), speed: arguments.speed };
    manner.check(&voice.voices())?;
    let mut output = Output::create(&arguments.output, voice.sample_rate())?;
    let begun = Instant::now();
    let mut first = None;
    let said = say(&text, &clauses, voice.as_mut(), &manner, &mut |samples| {
        first.get_or_insert_with(|| begun.elapsed());
        output.write(samples)
    });
    // What was said so far is a whole file in any case.
    let seconds = output.finish()?;
    let took = begun.elapsed();
    console::note(format_args!(
        "{seconds:.1} s of speech in {} ({:.0} times as fast as it plays); first sound after {}",
        console::duration(took),
        seconds / took.as_secs_f64(),
        console::duration(first.unwrap_or(took)),
    ));
    said?;
    if seconds == 0.0 {
        bail!("there is nothing in the text that the voice can say");
    }
    Ok(())
}

/// Says clause by clause, with a pause between paragraphs, and shows how far it is.
fn say(
    text: &str,
    clauses: &[Clause],
    voice: &mut dyn Synthesizer,
    manner: &Manner,
    write: &mut dyn FnMut(&[f32]) -> io::Result<()>,
) -> anyhow::Result<()> {
    let bar = progress::step_bar(clauses.len() as u64);
    let pause = (PARAGRAPH.as_secs_f32() / manner.speed * voice.sample_rate() as f32) as usize;
    for clause in clauses {
        interrupt::stop_if_asked()?;
        bar.set_message(clause.text.clone());
        if clause.source.start > 0 && begins_paragraph(&text[clause.source.clone()]) {
            write(&vec![0.0; pause])?;
        }
        let mut end = Ok(());
        voice.synthesize(&clause.text, manner, &mut |samples| {
            if interrupt::check().is_break() {
                return ControlFlow::Break(());
            }
            end = write(samples);
            if end.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        end?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    if interrupt::check().is_break() { Err(Interrupted.into()) } else { Ok(()) }
}

/// Whether an empty line or a heading stands before a clause: the end of a line within a paragraph belongs to the clause
/// before.
fn begins_paragraph(source: &str) -> bool {
    source.trim_start_matches([' ', '\t']).starts_with('\n')
}

/// A WAV file of 16-bit integers.
enum Output {
    File { writer: hound::WavWriter<BufWriter<File>>, path: PathBuf },
    Stream { stdout: Stdout, sample_rate: u32, samples: u64 },
}

impl Output {
    fn create(path: &Path, sample_rate: u32) -> anyhow::Result<Self> {
        let (bits_per_sample, sample_format) = (16, hound::SampleFormat::Int);
        let spec = hound::WavSpec { channels: 1, sample_rate, bits_per_sample, sample_format };
        if path == Path::new("-") {
            let mut stdout = io::stdout();
            stdout.write_all(&stream_header(sample_rate))?;
            return Ok(Self::Stream { stdout, sample_rate, samples: 0 });
        }
        let writer = hound::WavWriter::create(path, spec);
        let writer = writer.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self::File { writer, path: path.to_owned() })
    }

    fn write(&mut self, pcm: &[f32]) -> io::Result<()> {
        let pcm = pcm.iter().map(|&sample| to_pcm16(sample));
        match self {
            Self::File { writer, .. } => {
                for sample in pcm {
                    writer.write_sample(sample).map_err(io::Error::other)?;
                }
                Ok(())
            }
            Self::Stream { stdout, samples, .. } => {
                let bytes: Vec<u8> = pcm.flat_map(i16::to_le_bytes).collect();
                *samples += bytes.len() as u64 / 2;
                stdout.write_all(&bytes)?;
                stdout.flush()
            }
        }
    }

    /// Ends the file. Returns how long it plays, in seconds.
    fn finish(self) -> anyhow::Result<f64> {
        Ok(match self {
            Self::File { writer, path } => {
                let seconds = f64::from(writer.duration()) / f64::from(writer.spec().sample_rate);
                writer.finalize().with_context(|| format!("cannot write {}", path.display()))?;
                seconds
            }
            Self::Stream { sample_rate, samples, .. } => samples as f64 / f64::from(sample_rate),
        })
    }
}

/// The header of a mono WAV file of 16-bit integers that is written before anyone knows how long it will be: the largest
/// even length says so.
fn stream_header(sample_rate: u32) -> Vec<u8> {
    let format = [1_u16.to_le_bytes(), 1_u16.to_le_bytes()].concat();
    let [rate, bytes_per_second, unknown] = [sample_rate, 2 * sample_rate, u32::MAX - 1].map(u32::to_le_bytes);
    let sample = [2_u16.to_le_bytes(), 16_u16.to_le_bytes()].concat();
    let chunks: [&[u8]; 11] = [
        b"RIFF",
        &unknown,
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &format,
        &rate,
        &bytes_per_second,
        &sample,
        b"data",
        &unknown,
    ];
    chunks.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_begin_behind_an_empty_line() {
        let text = "# Title\nOne. Two.\nThree.\n\nFour.\n \n- five\n- six";
        let begins = |clause: &Clause| begins_paragraph(&text[clause.source.clone()]);
        let clauses = clauses(text);
        let paragraphs: Vec<&str> = clauses.iter().filter(|c| begins(c)).map(|clause| clause.text.as_str()).collect();
        assert_eq!(paragraphs, ["One.", "Four.", "five."]);
    }
}
