//! `sottovoce speak`

use std::{
    fs::{self, File},
    io::{Cursor, Read},
    path::Path,
    process::{Output, Stdio},
};

use assert_cmd::Command;
use sottovoce_testkit::{catalogue_file, has_program};

use crate::{run, sottovoce};

/// Runs the program with the cache that has the voices; `None` where they cannot be had.
fn speak(arguments: &[&str], stdin: &str) -> Option<Output> {
    catalogue_file("hibari", "hibari")?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_sottovoce"));
    Some(command.arg("speak").args(arguments).write_stdin(stdin).output().unwrap())
}

/// Samples a second, and samples, of a WAV file of 16-bit integers.
fn read(path: &Path) -> (u32, Vec<i16>) {
    let reader = hound::WavReader::open(path).unwrap();
    (reader.spec().sample_rate, reader.into_samples().map(Result::unwrap).collect())
}

fn loudest(samples: &[i16]) -> u16 {
    samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)
}

#[test]
fn text_becomes_a_wav_file_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let text = "**Hello**, this is `sottovoce`.\n\nIt has 2 paragraphs.";
    let Some(output) = speak(&["-", "-o", &path("a.wav")], text) else { return };
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && notes.contains(" s of speech in "), "{notes}");
    let (rate, samples) = read(&folder.path().join("a.wav"));
    assert_eq!(rate, 24_000);
    assert!((3 * rate as usize..7 * rate as usize).contains(&samples.len()), "{} samples", samples.len());
    assert!((6_000..32_767).contains(&loudest(&samples)), "{}", loudest(&samples));

    speak(&[text, "-o", &path("b.wav"), "--voice", "heart"], "").unwrap();
    assert_eq!(fs::read(path("b.wav")).unwrap(), fs::read(path("a.wav")).unwrap());
    speak(&[text, "-o", &path("fast.wav"), "--speed", "2"], "").unwrap();
    let (_, fast) = read(&folder.path().join("fast.wav"));
    assert!(fast.len() * 10 < samples.len() * 7, "{} of {} samples", fast.len(), samples.len());

    let streamed = speak(&[text, "-o", "-"], "").unwrap().stdout;
    // The length in the header is that of a stream without an end.
    assert_eq!(streamed.len(), 44 + 2 * samples.len());
    let reader = hound::WavReader::new(Cursor::new(&streamed)).unwrap();
    assert_eq!(reader.spec().sample_rate, rate);
    let pcm: Vec<i16> = streamed[44..].chunks(2).map(|bytes| i16::from_le_bytes([bytes[0], bytes[1]])).collect();
    assert!(pcm == samples, "the stream has the samples of the file");
}

#[cfg(unix)]
#[test]
fn a_megabyte_of_text_can_be_stopped() {
    if catalogue_file("hibari", "hibari").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("long.txt");
    fs::write(&text, "Nobody will hear the end of this. ".repeat(30_000)).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_sottovoce"))
        .args(["speak", "-", "-o", "-"])
        .stdin(File::open(text).unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100_000]).unwrap();
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn the_other_engine_speaks_too() {
    if catalogue_file("piper-joe", "en_US-joe-medium").is_none() || !has_program("espeak-ng") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("joe.wav");
    let Some(output) = speak(&["Hello there.", "--engine", "piper", "-o", path.to_str().unwrap()], "") else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (rate, samples) = read(&path);
    assert_eq!(rate, 22_050);
    assert!(samples.len() > rate as usize / 2 && loudest(&samples) > 6_000);
}

#[test]
fn a_library_that_is_missing_and_cannot_be_fetched_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let mut command = sottovoce(cache.path());
    let output = command.env("PIP_NO_INDEX", "1").args(["speak", "Hi.", "-o", "never.wav"]).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    for named in ["onnx-runtime: ONNX Runtime", "licence MIT", "no source delivered", "onnxruntime"] {
        assert!(errors.contains(named), "{named}: {errors}");
    }
}

#[test]
fn texts_that_cannot_be_said_are_errors() {
    for text in ["", "😀 🎉", "... ***", "```\ncode\n```"] {
        let (code, _, errors) = run(&["speak", text, "-o", "never.wav"]);
        assert!(code == 1 && errors.contains("there is nothing to say in the text"), "{text:?}: {errors}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.wav").display().to_string();
    let Some(output) = speak(&["你好，世界", "-o", &path], "") else { return };
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(errors.contains("cannot read 你好世界 and leaves it out"), "{errors}");
    assert!(errors.contains("there is nothing in the text that the voice can say"), "{errors}");
    for (arguments, message) in [
        (["Hi.", "--speed", "3"], "a speed of 3 is not possible; it lies between 0.5 and 2"),
        (["Hi.", "--voice", "nobody"], "there is no voice 'nobody'; there is heart"),
    ] {
        let output = speak(&[&arguments[..], &["-o", &path]].concat(), "").unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && errors.contains(message), "{errors}");
    }
    let output = speak(&["Hi.", "-o", "no/such/folder/out.wav"], "").unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("cannot write no/such/folder/out.wav"));
}
