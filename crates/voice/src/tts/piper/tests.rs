//! The voice as a whole, with espeak-ng.

use std::path::PathBuf;

use sottovoce_testkit::{catalogue_file, has_program};

use super::*;

fn runtime() -> Option<OnnxRuntime> {
    let library = if cfg!(windows) { "onnxruntime" } else { "libonnxruntime" };
    Some(OnnxRuntime::load(&catalogue_file("onnx-runtime", library)?).unwrap())
}

fn model() -> Option<PathBuf> {
    catalogue_file("piper-joe", "en_US-joe-medium")
}

fn joe() -> Option<Piper> {
    let (runtime, model) = runtime().zip(model())?;
    has_program("espeak-ng").then(|| Piper::open(&runtime, &model, 2).unwrap())
}

fn say(piper: &mut Piper, text: &str, speed: f32) -> Result<Vec<f32>, VoiceError> {
    let mut samples = Vec::new();
    piper.synthesize(text, &Manner { voice: None, speed }, &mut |piece| {
        samples.extend_from_slice(piece);
        ControlFlow::Continue(())
    })?;
    Ok(samples)
}

#[test]
fn sentences_have_phonemes_with_their_marks() {
    let Some(piper) = joe() else { return };
    let phonemes = |text| piper.phonemes(&sentences(text)[0]).unwrap();
    assert_eq!(phonemes("Hello, world!"), "həlˈoʊ, wˈɜːld!");
    assert_eq!(phonemes("I paid Dr. Smith 5 dollars."), phonemes("I paid doctor Smith five dollars."));
    let map = |phoneme| piper.configuration.phoneme_id_map[&phoneme][0];
    assert_eq!(piper.ids("hə.").unwrap(), "^_h_ə_._$".chars().map(map).collect::<Vec<_>>());
    assert_eq!(piper.ids(" .!^$_"), None);
}

#[test]
fn text_becomes_sound_faster_or_slower() {
    let Some(mut piper) = joe() else { return };
    let text = "The capital of France is Paris. It lies on the Seine.";
    let normal = say(&mut piper, text, 1.0).unwrap();
    let seconds = normal.len() as f64 / f64::from(piper.sample_rate());
    assert!((2.0..6.0).contains(&seconds), "{seconds} s");
    let loudest = normal.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
    assert!((0.1..=1.0).contains(&loudest), "{loudest}");
    let fast = say(&mut piper, text, 2.0).unwrap();
    assert!(fast.len() * 10 < normal.len() * 7, "{} of {} samples", fast.len(), normal.len());
    for text in ["", "...", "😀", "你好", "\u{0}\u{7}", "()"] {
        assert!(say(&mut piper, text, 1.0).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let Some(mut piper) = joe() else { return };
    for speed in [0.4, f32::NAN] {
        assert!(matches!(say(&mut piper, "Hello.", speed), Err(VoiceError::Speed(_))));
    }
    assert!(matches!(say(&mut piper, &"long ".repeat(2000), 1.0), Err(VoiceError::LongText { .. })));
    let manner = Manner { voice: Some("heart".into()), speed: 1.0 };
    let error = piper.synthesize("Hello.", &manner, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.to_string(), "there is no voice 'heart'; there is joe");
}

#[test]
fn text_is_never_a_command() {
    let Some(piper) = joe() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made");
    let made = path.display();
    let text = format!("--version `touch {made}` $(touch {made}); touch {made} | touch {made}");
    let phonemes = piper.espeak.phonemes(&text).unwrap();
    assert!(phonemes.contains("vˈɜːʒən") && phonemes.contains("tˈʌtʃ"), "all of it is said: {phonemes}");
    assert!(!path.exists());
}

#[test]
fn configurations_are_checked() {
    let Some(model) = model() else { return };
    let text = std::fs::read_to_string(model.with_added_extension("json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("voice.onnx.json");
    for (from, to, message) in [
        ("\"num_speakers\": 1", "\"num_speakers\": 4", "one speaker, found 4 speakers"),
        ("22050", "5", "found 5 samples a second"),
        ("\"length_scale\": 1", "\"length_scale\": 0", "a length scale of 0"),
        ("\"^\"", "\"¬\"", "no ids for ^, $ and _"),
        ("\"dataset\"", "\"data\"", "missing field `dataset`"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let error = Configuration::read(&path).err().unwrap().to_string();
        assert!(error.contains("voice.onnx.json") && error.contains(message), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Configuration::read(&path), Err(VoiceError::Io { .. })));
}

#[test]
fn samples_that_are_no_numbers_are_an_error() {
    assert_eq!(finite(&[0.5, -0.5]).unwrap(), [0.5, -0.5]);
    for wrong in [f32::NAN, f32::INFINITY] {
        assert_eq!(
            finite(&[0.0, wrong]).unwrap_err().to_string(),
            "piper: the network gave samples that are no numbers"
        );
    }
}

#[test]
fn clauses_end_at_marks_and_abbreviations_do_not() {
    let described = |text| {
        let clause =
            |clause: &Clause<'_>| format!("{}/{}", clause.text, clause.mark.map_or(String::new(), String::from));
        let sentence = |sentence: &Vec<Clause<'_>>| sentence.iter().map(clause).collect::<Vec<_>>().join(" | ");
        sentences(text).iter().map(sentence).collect::<Vec<_>>()
    };
    assert_eq!(
        described("Well, Dr. Who (he) said: \"Go!\" Then 3.5"),
        ["Well,/, | Dr. Who (he) said:/: | \"Go!\"/!", "Then 3.5/"]
    );
    assert_eq!(described("Wait… what?"), ["Wait…/.", "what?/?"]);
    assert_eq!(described(""), ["/"; 0]);
    for text in ["x".repeat(2_000), "é".repeat(999), "some words ".repeat(200).trim().to_owned()] {
        let cut = sentences(&text);
        let said: String = cut.iter().flatten().map(|clause| clause.text.replace(' ', "")).collect();
        assert_eq!(said, text.replace(' ', ""));
        assert!(
            cut.iter()
                .all(|sentence| sentence.iter().map(|clause| clause.text.len()).sum::<usize>() <= 2 * LONGEST_CLAUSE)
        );
    }
}
