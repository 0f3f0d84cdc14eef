//! A recorded question answered aloud, with real models.

use std::{path::Path, process::Output};

use assert_cmd::Command;
use serde_json::Value;
use sottovoce_testkit::{catalogue_file, fixtures_dir, smollm2_gguf};
use sottovoce_voice::{
    Audio, SAMPLE_RATE,
    audio::{read_wav, write_wav},
};

fn sottovoce(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_sottovoce")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// A model folder, when all models can be had.
fn model(folder: &Path) -> Option<String> {
    for (name, file) in
        [("smart-turn", "smart-turn-v3.2-cpu"), ("moonshine-tiny-en", "tokenizer"), ("hibari", "hibari")]
    {
        catalogue_file(name, file)?;
    }
    let (gguf, made) = (smollm2_gguf()?, folder.join("smollm2"));
    sottovoce(&["convert", gguf.to_str()?, "--context", "512", "-o", made.to_str()?]);
    Some(made.to_str()?.to_owned())
}

fn ask(model: &str, question: &Path, answer: &Path) -> Value {
    let (question, answer) = (question.to_str().unwrap(), answer.to_str().unwrap());
    let options = ["--model", model, "--greedy", "--max-tokens", "40", "--json"];
    let output = sottovoce(&[&["ask", question, "-o", answer][..], &options].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn transcribe(file: &Path) -> String {
    let output = sottovoce(&["transcribe", file.to_str().unwrap()]);
    String::from_utf8(output.stdout).unwrap().to_lowercase()
}

#[test]
fn a_recorded_question_is_answered_aloud_and_noise_is_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let Some(model) = model(folder.path()) else { return };
    let answer = folder.path().join("answer.wav");

    let report = ask(&model, &fixtures_dir().join("speech/question.wav"), &answer);
    assert!(report["question"].as_str().unwrap().to_lowercase().contains("capital of japan"), "{report}");
    assert!(report["answer"].as_str().unwrap().contains("Tokyo"), "{report}");
    let time = |stage: &str| report["latency_seconds"][stage].as_f64().unwrap();
    let times = ["transcript", "first_text", "first_clause", "first_sound"].map(time);
    assert!(times.is_sorted() && times[0] > 0.0, "{report}");
    assert!(transcribe(&answer).contains("tokyo"), "{}", transcribe(&answer));

    // Noise that nobody would call speech, from a linear congruential generator.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.05 * (state >> 8) as f32 / (1 << 23) as f32 - 0.05
    };
    let samples = (0..2 * SAMPLE_RATE).map(|_| noise()).collect();
    let recording = folder.path().join("noise.wav");
    write_wav(&recording, &Audio { sample_rate: SAMPLE_RATE, samples }).unwrap();
    let report = ask(&model, &recording, &answer);
    assert_eq!(
        (&report["question"], report["answer"].as_str()),
        (&Value::Null, Some("I'm sorry, I didn't catch that."))
    );
    assert!(transcribe(&answer).contains("sorry"), "{}", transcribe(&answer));
    assert!(read_wav(&answer, SAMPLE_RATE).unwrap().samples.len() > SAMPLE_RATE as usize / 2);
}
