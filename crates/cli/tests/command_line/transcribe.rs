//! `sottovoce transcribe` and `sottovoce bench speech`

use std::fs;

use serde_json::Value;
use sottovoce_testkit::{catalogue_file, fixtures_dir};

use crate::{run, sottovoce};

/// Whether the speech models can be had; they are in the cache then.
fn have_models() -> bool {
    let library = if cfg!(windows) { "onnxruntime" } else { "libonnxruntime" };
    let files = [
        ("onnx-runtime", library),
        ("silero-vad", "silero_vad_16k_sequence"),
        ("moonshine-tiny-en", "encoder_model"),
        ("smart-turn", "smart-turn-v3.2-cpu"),
    ];
    files.iter().all(|(model, file)| catalogue_file(model, file).is_some())
}

/// Runs the program with the cache that tests share. Gives its exit code, stdout and stderr.
fn with_models(arguments: &[&str], input: Vec<u8>) -> (i32, String, String) {
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_sottovoce"));
    let output = command.current_dir(fixtures_dir()).args(arguments).write_stdin(input).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_question_is_printed_and_a_program_can_read_it() {
    if !have_models() {
        return;
    }
    let (code, stdout, stderr) = with_models(&["transcribe", "speech/question.wav"], Vec::new());
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "What is the capital of Japan?\n", ""));

    let file = fs::read(fixtures_dir().join("speech/question.wav")).unwrap();
    let (code, stdout, _) = with_models(&["transcribe", "-", "--json"], file);
    let report: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &report["text"]), (0, &Value::from("What is the capital of Japan?")));
    let (duration, segment) = (report["duration"].as_f64().unwrap(), &report["segments"][0]);
    let (start, end) = (segment["start"].as_f64().unwrap(), segment["end"].as_f64().unwrap());
    assert!(start < 0.5 && end > 1.5 && end <= duration && duration < 2.5, "{report}");
    assert_eq!(report["segments"].as_array().unwrap().len(), 1);
}

#[test]
fn silence_has_no_words() {
    if !have_models() {
        return;
    }
    let mut file = fs::read(fixtures_dir().join("speech/question.wav")).unwrap();
    file[44..].fill(0);
    let (code, stdout, stderr) = with_models(&["transcribe", "-"], file.clone());
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", "nobody is heard speaking\n"));
    file.truncate(44);
    let (code, stdout, _) = with_models(&["transcribe", "-", "--json"], file);
    assert_eq!((code, stdout.as_str()), (0, "{\"text\":\"\",\"duration\":0.0,\"segments\":[]}\n"));
}

#[test]
fn what_cannot_be_read_is_named_before_anything_is_fetched() {
    for (file, named) in [
        ("speech/nosuch.wav", "cannot read speech/nosuch.wav: "),
        ("speech/transcripts.tsv", "speech/transcripts.tsv: expected a WAV file, found no RIFF tag at its beginning"),
    ] {
        let (code, stdout, stderr) = run(&["transcribe", file]);
        assert_eq!((code, stdout.as_str()), (1, ""), "{file}");
        assert!(stderr.contains(named) && !stderr.contains("licence"), "{stderr}");
    }
    let (code, _, stderr) = run(&["bench", "speech", "ops"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot read ops/transcripts.tsv"), "{stderr}");
}

#[test]
fn a_damaged_model_in_the_cache_is_not_used_and_a_network_that_is_not_there_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let folder = cache.path().join("downloads/silero-vad");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("silero_vad_16k_sequence.onnx"), "no model").unwrap();
    let mut command = sottovoce(cache.path());
    command.env("PIP_NO_INDEX", "1").args(["transcribe", "speech/question.wav"]);
    let output = command.output().unwrap();
    let (stdout, stderr) = (output.stdout, String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), &stdout[..]), (Some(1), &b""[..]));
    // What is fetched, under which licence, and why it could not be.
    for named in ["silero-vad: Silero VAD v6", "licence MIT", "no source delivered silero_vad_16k_sequence.onnx"] {
        assert!(stderr.contains(named), "{stderr}");
    }
}

#[test]
fn the_word_error_rate_of_the_recordings_is_measured() {
    if !have_models() {
        return;
    }
    let (code, stdout, stderr) = with_models(&["bench", "speech", "speech", "--repeat", "1", "--json"], Vec::new());
    assert_eq!(code, 0, "{stderr}");
    let report: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!((report["recordings"].as_u64(), report["words"].as_u64()), (Some(14), Some(112)));
    assert!(report["word_error_rate"].as_f64().unwrap() < 0.04, "{report}");
    let (early, wrong) = (report["shown_early"].as_f64().unwrap(), report["shown_wrong"].as_u64().unwrap());
    assert!((0.4..1.0).contains(&early) && wrong <= 5, "{report}");
    assert!(stdout.contains("understood  Four queen of g"), "{stdout}");
}
