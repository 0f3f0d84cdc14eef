//! Phonemes compared with those of the Python package (`tools/make_hibari_fixture.py`), and the voice as a whole.

use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, OnceLock},
};

use proptest::prelude::*;
use sottovoce_testkit::{catalogue_file, fixtures_dir};

use super::*;

fn runtime() -> Option<OnnxRuntime> {
    let library = if cfg!(windows) { "onnxruntime" } else { "libonnxruntime" };
    Some(OnnxRuntime::load(&catalogue_file("onnx-runtime", library)?).unwrap())
}

fn folder() -> Option<PathBuf> {
    catalogue_file("hibari", "hibari").and_then(|file| file.parent().map(Path::to_owned))
}

/// The voice, which takes a moment to load; `None` as the models say.
fn hibari() -> Option<MutexGuard<'static, Hibari>> {
    static HIBARI: OnceLock<Option<Mutex<Hibari>>> = OnceLock::new();
    let hibari = HIBARI.get_or_init(|| Some(Mutex::new(Hibari::open(&runtime()?, &folder()?, 1).unwrap())));
    Some(hibari.as_ref()?.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn say(hibari: &mut Hibari, text: &str, speed: f32) -> Result<Vec<f32>, VoiceError> {
    let mut samples = Vec::new();
    hibari.synthesize(text, &Manner { voice: None, speed }, &mut |piece| {
        samples.extend_from_slice(piece);
        ControlFlow::Continue(())
    })?;
    Ok(samples)
}

fn seconds(samples: &[f32]) -> f64 {
    samples.len() as f64 / f64::from(SAMPLE_RATE)
}

#[test]
fn hard_texts_have_the_phonemes_that_the_package_gives_them() {
    let Some(mut hibari) = hibari() else { return };
    let file = std::fs::read(fixtures_dir().join("speech/hibari.json")).unwrap();
    let fixture: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let readings = fixture["readings"].as_array().unwrap();
    assert!(readings.len() >= 40);
    for reading in readings {
        let [text, expected] = [0, 1].map(|index| reading[index].as_str().unwrap());
        assert_eq!(hibari.phonemes(text).unwrap(), expected, "{text}");
    }
    let sentence = hibari.phonemes(fixture["sentence"].as_str().unwrap()).unwrap();
    assert_eq!(serde_json::json!(hibari.ids(&sentence)), fixture["ids"]);
}

#[test]
fn the_same_text_sounds_the_same_and_speed_makes_it_shorter() {
    let Some(mut hibari) = hibari() else { return };
    let text = "The capital of France is Paris. It lies on the Seine.";
    let normal = say(&mut hibari, text, 1.0).unwrap();
    assert!((2.0..5.0).contains(&seconds(&normal)), "{} s", seconds(&normal));
    let loudest = normal.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
    assert!((0.1..=1.0).contains(&loudest), "{loudest}");
    assert_eq!(say(&mut hibari, text, 1.0).unwrap(), normal);
    for (speed, shares) in [(2.0, 0.4..0.65), (0.5, 1.6..2.4)] {
        let share = seconds(&say(&mut hibari, text, speed).unwrap()) / seconds(&normal);
        assert!(shares.contains(&share), "{share} of the length at {speed}");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let Some(mut hibari) = hibari() else { return };
    for speed in [0.49, 2.01, 0.0, -1.0, f32::NAN, f32::INFINITY] {
        let error = say(&mut hibari, "Hello.", speed).unwrap_err();
        assert!(error.to_string().ends_with("it lies between 0.5 and 2"), "{error}");
    }
    let manner = Manner { voice: Some("nobody".into()), speed: 1.0 };
    let error = hibari.synthesize("Hello.", &manner, &mut |_| panic!("nothing is said")).unwrap_err();
    assert_eq!(error.to_string(), "there is no voice 'nobody'; there is heart");
    let error = say(&mut hibari, &"long ".repeat(200_000), 1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "1000000 bytes of text; a voice takes at most 5000 at a time, so cut it into sentences"
    );
}

#[test]
fn text_with_nothing_to_say_makes_no_sound() {
    let Some(mut hibari) = hibari() else { return };
    for text in ["", " \n\t", "...", "?!", "\u{0}\u{7}\u{1b}", "😀🎉", "()[]{}", "你好世界", "مرحبا", "🇫🇷 — …"]
    {
        assert!(say(&mut hibari, text, 1.0).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn a_long_sentence_is_cut_and_a_sink_may_stop() {
    let Some(mut hibari) = hibari() else { return };
    let text = "and then there was another thing that nobody had thought of before ".repeat(8);
    let samples = say(&mut hibari, &text, 2.0).unwrap();
    assert!(seconds(&samples) > 10.0, "{} s", seconds(&samples));
    let mut given = 0;
    let enough = &mut |piece: &[f32]| {
        given += piece.len();
        ControlFlow::Break(())
    };
    hibari.synthesize(&text, &Manner::default(), enough).unwrap();
    assert!(0 < given && given < 4 * PIECE * vocoder::HOP, "{given} samples");
}

#[test]
fn missing_and_damaged_files_are_named() {
    let Some((folder, runtime)) = folder().zip(runtime()) else { return };
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    for (file, damage, message) in [
        ("vocab.json", "{\"long\": 1}", "vocab.json: expected vocab.json of the package hibari-tts"),
        ("normalize.json", "{}", "missing field `months`"),
        ("tagger.json.gz", "no gzip", "tagger.json.gz: expected"),
        ("hibari.onnx", "no model", "hibari.onnx: expected the model hibari for ONNX Runtime"),
    ] {
        let whole = std::fs::read(copy.path().join(file)).unwrap();
        std::fs::write(copy.path().join(file), damage).unwrap();
        let error = Hibari::open(&runtime, copy.path(), 1).err().unwrap().to_string();
        assert!(error.contains(message), "{file}: {error}");
        std::fs::write(copy.path().join(file), whole).unwrap();
    }
    std::fs::remove_file(copy.path().join("oov.json")).unwrap();
    let error = Hibari::open(&runtime, copy.path(), 1).err().unwrap().to_string();
    assert!(error.starts_with("cannot open ") && error.contains("oov.json"), "{error}");
}

#[test]
fn sentences_are_cut_at_the_best_place() {
    assert_eq!(sentences("wˈʌn. tˈu! θɹˈi"), ["wˈʌn.", "tˈu!", "θɹˈi"]);
    assert_eq!(sentences("wˈʌn.” tˈu,"), ["wˈʌn.”", "tˈu,"]);
    assert_eq!(sentences(". — !"), [""; 0]);
    let long = format!("{}, {}", "a ".repeat(100), "b ".repeat(200));
    assert_eq!(sentences(&long)[0].len(), 201);
    for text in ["x".repeat(1_000), "ab ".repeat(500)] {
        let cut = sentences(&text);
        assert!(cut.iter().all(|sentence| sentence.chars().count() <= MOST_PHONEMES));
        assert_eq!(cut.concat().replace(' ', ""), text.replace(' ', ""));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_becomes_finite_sound_of_reasonable_length(text in "\\PC{0,60}|[ -~]{0,80}|[a-z]{1,8}( [a-z]{1,8}){0,8}[.?!]") {
        let Some(mut hibari) = hibari() else { return Ok(()) };
        let phonemes = hibari.phonemes(&text).unwrap().chars().count();
        let samples = say(&mut hibari, &text, 1.0).unwrap();
        prop_assert!(samples.iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0), "{:?}", text);
        // Nobody says more than 40 phonemes in a second, nor fewer than one, silence at both ends apart.
        let seconds = seconds(&samples);
        prop_assert!(seconds < 1.5 + phonemes as f64, "{text:?}: {phonemes} phonemes in {seconds} s");
        prop_assert!(samples.is_empty() || seconds > phonemes as f64 / 60.0, "{text:?}: {phonemes} phonemes in {seconds} s");
    }
}
