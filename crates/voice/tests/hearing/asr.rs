use std::{fs, ops::ControlFlow, path::Path};

use sottovoce_testkit::{Random, catalogue_file, fixtures_dir, speech_clips};
use sottovoce_voice::{
    Recognizer, SAMPLE_RATE, VoiceError,
    asr::{MAX_SECONDS, Moonshine, StablePrefix, Transcriber, WordErrors},
    audio::{Resampler, decode_wav, read_wav},
    vad::SileroVad,
};

use crate::{clips, runtime};

const RATE: usize = SAMPLE_RATE as usize;
const QUESTION: &str = "What is the capital of Japan?";

pub fn vad() -> Option<SileroVad> {
    catalogue_file("silero-vad", "silero_vad_16k_sequence").map(|path| SileroVad::load(&path).unwrap())
}

pub fn moonshine() -> Option<Moonshine> {
    let encoder = catalogue_file("moonshine-tiny-en", "encoder_model")?;
    Some(Moonshine::load(&runtime()?, encoder.parent().unwrap(), vad()?, 1).unwrap())
}

fn question() -> Vec<f32> {
    read_wav(&fixtures_dir().join("speech/question.wav"), SAMPLE_RATE).unwrap().samples
}

#[test]
fn recorded_speech_is_understood() {
    let Some(mut moonshine) = moonshine() else { return };
    let mut total = WordErrors::default();
    for (clip, samples) in speech_clips().iter().zip(clips()) {
        let text = moonshine.recognize(&samples).unwrap();
        println!("{text}");
        total += WordErrors::count(&clip.transcript, &text);
    }
    // The model's own errors, three of 112: "gloves" and "cloves" for "clubs", "ill-sposed".
    assert!(total.words == 112 && total.errors <= 4, "{total:?}");
}

#[test]
fn silence_noise_and_music_have_no_words() {
    let Some(mut moonshine) = moonshine() else { return };
    let mut random = Random::from_env(11);
    let length = 4 * RATE;
    let mut noise = |deviation: f32| (0..length).map(|_| deviation * random.normal()).collect::<Vec<f32>>();
    let (quiet, loud, mut clicks) = (noise(0.01), noise(0.2), vec![0.0; length]);
    clicks.iter_mut().step_by(1_777).for_each(|sample| *sample = 0.9);
    // Notes of a quarter of a second that die away.
    let note =
        |index: usize| [262.0, 330.0, 392.0, 523.0, 440.0][index / 4_000 % 5] * std::f32::consts::TAU / RATE as f32;
    let tune =
        (0..length).map(|index| 0.4 * (note(index) * index as f32).sin() * 0.999f32.powi((index % 4_000) as i32));
    for (name, samples) in [
        ("nothing", vec![]),
        ("a moment", vec![0.1; 400]),
        ("silence", vec![0.0; length]),
        ("quiet noise", quiet),
        ("loud noise", loud),
        ("clicks", clicks),
        ("a tune", tune.collect()),
        ("full scale", vec![1.0; length]),
    ] {
        assert_eq!(moonshine.recognize(&samples).unwrap(), "", "{name}");
    }
}

#[test]
fn bad_recordings_of_a_question_are_understood() {
    let Some(mut moonshine) = moonshine() else { return };
    let question = question();
    let mut narrow = Vec::new();
    let mut to_telephone = Resampler::new(SAMPLE_RATE, 8_000);
    to_telephone.push(&question, &mut narrow);
    to_telephone.finish(&mut narrow);
    let telephone = wav(8_000, 1, &narrow);
    let stereo: Vec<f32> = question.iter().flat_map(|&sample| [sample, 0.2 * sample]).collect();
    let clipped: Vec<f32> = question.iter().map(|sample| 20.0 * sample).collect();
    let quiet: Vec<f32> = question.iter().map(|sample| 0.01 * sample).collect();
    for (name, file) in [
        ("8 kHz", telephone),
        ("stereo", wav(SAMPLE_RATE, 2, &stereo)),
        ("clipped", wav(SAMPLE_RATE, 1, &clipped)),
        ("quiet", wav(SAMPLE_RATE, 1, &quiet)),
    ] {
        let audio = decode_wav(&file[..], Path::new(name), SAMPLE_RATE).unwrap();
        assert_eq!(moonshine.recognize(&audio.samples).unwrap(), QUESTION, "{name}");
    }
    // Nobody can tell that a header lies about the rate; what is heard then is three times too fast.
    let audio = decode_wav(&wav(48_000, 1, &question)[..], Path::new("fast"), SAMPLE_RATE).unwrap();
    assert_eq!(moonshine.recognize(&audio.samples).unwrap(), "");
}

/// A WAV file of 32-bit floats.
fn wav(rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let align = 4 * channels;
    let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0".to_vec();
    bytes.extend(channels.to_le_bytes());
    bytes.extend(rate.to_le_bytes());
    bytes.extend((rate * u32::from(align)).to_le_bytes());
    bytes.extend(align.to_le_bytes());
    bytes.extend(b"\x20\0data");
    bytes.extend((4 * samples.len() as u32).to_le_bytes());
    bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    bytes
}

#[test]
fn more_than_the_model_takes_is_refused() {
    let Some(mut moonshine) = moonshine() else { return };
    let error = moonshine.recognize(&vec![0.0; (MAX_SECONDS as usize + 1) * RATE]).unwrap_err();
    assert!(matches!(error, VoiceError::TooLong { limit: MAX_SECONDS, .. }), "{error}");
    assert_eq!(error.to_string(), "65 seconds of sound; Moonshine takes at most 64 at a time, so cut it into pieces");
}

#[test]
fn what_was_shown_of_growing_speech_stays() {
    let Some(mut moonshine) = moonshine() else { return };
    let clip = read_wav(&fixtures_dir().join("speech/dashwood-leisure.wav"), SAMPLE_RATE).unwrap().samples;
    let (mut prefix, mut shown, mut updates) = (StablePrefix::default(), String::new(), 0);
    for end in (RATE / 2..clip.len()).step_by(RATE / 2) {
        let fresh = prefix.update(&moonshine.recognize(&clip[..end]).unwrap());
        updates += usize::from(!fresh.is_empty());
        shown += &fresh;
    }
    let whole = moonshine.recognize(&clip).unwrap();
    let before = shown.clone();
    shown += &prefix.finish(&whole);
    assert!(updates >= 3 && before.len() > whole.len() / 2, "{before}");
    assert!(WordErrors::count(&whole, &shown).errors <= 1, "{shown}");
}

#[test]
fn half_an_hour_is_cut_at_the_pauses() {
    let (Some(moonshine), Some(vad)) = (moonshine(), vad()) else { return };
    // Two clips after another, and one at the end of half an hour.
    let clips = clips();
    let mut recording = [&clips[0][..], &[0.0; RATE], &clips[3]].concat();
    recording.resize(30 * 60 * RATE - clips[4].len(), 0.0);
    recording.extend_from_slice(&clips[4]);
    let (mut transcriber, mut heard, mut done) = (Transcriber::new(vad, moonshine), Vec::new(), 0.0);
    let segments = transcriber
        .transcribe(&recording, &mut |share, segment| {
            assert!((done..=1.0).contains(&share));
            done = share;
            heard.extend(segment.cloned());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(segments, heard);
    let [first, second] = &segments[..] else { panic!("{segments:?}") };
    let lists = speech_clips();
    let beginning = format!("{} {}", lists[0].transcript, lists[3].transcript);
    assert!(WordErrors::count(&beginning, &first.text).errors <= 1, "{}", first.text);
    assert!(WordErrors::count(&lists[4].transcript, &second.text).errors == 0, "{}", second.text);
    assert!(first.start.as_secs_f64() < 0.5 && (13.0..14.5).contains(&first.end.as_secs_f64()), "{first:?}");
    assert!((1_796.0..1_797.5).contains(&second.start.as_secs_f64()), "{second:?}");
}

#[test]
fn missing_and_damaged_files_are_named() {
    let (Some(runtime), Some(encoder)) = (runtime(), catalogue_file("moonshine-tiny-en", "encoder_model")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let load = || Moonshine::load(&runtime, folder.path(), vad().unwrap(), 1).err().unwrap().to_string();
    assert!(load().starts_with("cannot read ") && load().contains("tokenizer.bin"), "{}", load());
    fs::copy(encoder.with_file_name("tokenizer.bin"), folder.path().join("tokenizer.bin")).unwrap();
    assert!(load().contains("encoder_model.ort: expected the model Moonshine for ONNX Runtime, found "), "{}", load());
    let cut = &fs::read(&encoder).unwrap()[..100_000];
    fs::write(folder.path().join("encoder_model.ort"), cut).unwrap();
    assert!(load().contains("encoder_model.ort: expected the model Moonshine"), "{}", load());
}
