//! `sottovoce ask`

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde_json::json;
use sottovoce_hub::DEFAULT_MODEL;
use sottovoce_voice::{
    Audio, Manner,
    audio::write_wav,
    conversation::{Event, Latency},
};

use crate::{
    answering::{self, AnswerOptions},
    console::{self, BOLD},
    loading::{self, ModelOptions},
    talking::{self, ModelThinker, Speech, SpokenAnswer},
    voice,
};

/// Arguments of `ask`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Understands the English question of a WAV file, has the model answer it, and writes the answer as speech. The answer is said \
clause by clause while it is still being written; its text goes to stdout. Where nothing intelligible is said, the answer says \
that. The speech models are fetched on first use.

Examples:
  sottovoce ask fixtures/speech/question.wav -o answer.wav
  sottovoce ask question.wav -o answer.wav --system \"You answer in one short sentence.\" --speed 1.2
  arecord -f S16_LE -r 16000 -d 5 | sottovoce ask - -o answer.wav
  sottovoce ask question.wav -o answer.wav --json | jq .latency_seconds.first_sound")]
pub struct Arguments {
    /// WAV file with the question, or `-` for standard input
    question: PathBuf,
    /// WAV file to write the answer to
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Model that answers: a catalogue name, a model folder, or a package
    #[arg(long, value_name = "MODEL", default_value = DEFAULT_MODEL)]
    model: String,
    /// What the model should be told first
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Voice of the answer [default: the first there is]
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    /// How fast the answer is said, from 0.5 to 2
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f32,
    /// Print one JSON object: question, answer, and the seconds from the end of the question to each stage
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    answer: AnswerOptions,
    #[command(flatten)]
    options: ModelOptions,
}

/// Answers a spoken question.
///
/// # Errors
/// The recording cannot be read, a model cannot be fetched or fails, the answer cannot be written, or the user stops it.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let recording = voice::read_recording(&arguments.question)?;
    let speech = Speech::open()?;
    let loaded = loading::load(&arguments.model, &arguments.options)?;
    let mut folder = loaded.folder;
    let answering = arguments.answer.prepare(&mut folder)?;
    let mut conversation = folder.conversation(loaded.model)?;
    conversation.set_system(arguments.system.clone());
    let thinker = ModelThinker::new(conversation, move || answering.next());
    let manner = Manner { voice: arguments.voice.clone(), speed: arguments.speed };
    let parts = speech.parts(thinker, manner);
    let answer = talking::answer_recording(parts, &recording, |event| {
        if !arguments.json {
            show(event);
        }
    })?;
    write_wav(&arguments.output, &answer.speech)?;
    if arguments.json {
        writeln!(io::stdout(), "{}", report(&answer, &recording))?;
        return Ok(());
    }
    answering::end_line(&[])?;
    console::note(talking::describe(&answer.latency));
    let length = console::duration(answer.speech.duration());
    console::note(format_args!("{length} of speech in {}", arguments.output.display()));
    Ok(())
}

/// Shows question and answer as they come.
pub fn show(event: &Event) {
    match event {
        Event::Final(question) => anstream::eprintln!("{BOLD}{question}{BOLD:#}"),
        // A reader that went away does not keep the answer from being said.
        Event::Text(text) => _ = answering::show(text),
        _ => {}
    }
}

/// What scripts get to know.
fn report(answer: &SpokenAnswer, recording: &Audio) -> serde_json::Value {
    let Latency { endpointing: _, transcript, first_text, first_clause, first_sound, first_audio: _ } = answer.latency;
    json!({
        "question": answer.question,
        "question_seconds": recording.duration().as_secs_f64(),
        "answer": answer.text,
        "answer_seconds": answer.speech.duration().as_secs_f64(),
        "sample_rate": answer.speech.sample_rate,
        "latency_seconds": {
            "transcript": transcript.as_secs_f64(),
            "first_text": first_text.as_secs_f64(),
            "first_clause": first_clause.as_secs_f64(),
            "first_sound": first_sound.as_secs_f64(),
        },
    })
}
