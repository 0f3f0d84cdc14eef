use std::{fs, path::PathBuf};

use sottovoce_testkit::catalogue_file;
use sottovoce_voice::{VoiceActivity, vad::SileroVad};

use crate::{clips, reference};

fn model() -> Option<PathBuf> {
    catalogue_file("silero-vad", "silero_vad_16k_sequence")
}

fn probabilities(vad: &mut SileroVad, samples: &[f32]) -> Vec<f32> {
    samples.as_chunks().0.iter().map(|frame| vad.probability(frame).unwrap()).collect()
}

#[test]
fn recorded_speech_has_the_probabilities_that_onnx_runtime_computes() {
    let Some(model) = model() else { return };
    let mut vad = SileroVad::load(&model).unwrap();
    let mut found = Vec::new();
    for clip in clips() {
        vad.reset();
        found.extend(probabilities(&mut vad, &clip));
    }
    let expected = reference("speech");
    assert_eq!(found.len(), expected.len());
    let difference = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(difference < 1e-5, "{difference}");
}

#[test]
fn silence_noise_and_a_tone_are_no_speech() {
    let Some(model) = model() else { return };
    let mut vad = SileroVad::load(&model).unwrap();
    let mut random = sottovoce_testkit::Random::from_env(7);
    let noise: Vec<f32> = (0..32_000).map(|_| 0.2 * random.normal()).collect();
    let tone: Vec<f32> = (0..32_000).map(|index| 0.3 * (index as f32 * 0.17).sin()).collect();
    for (name, samples) in
        [("silence", vec![0.0; 32_000]), ("noise", noise), ("tone", tone), ("clipped", vec![1.0; 32_000])]
    {
        vad.reset();
        let most = probabilities(&mut vad, &samples).into_iter().fold(0.0, f32::max);
        assert!(most < 0.5, "{name}: {most}");
    }
}

#[test]
fn a_file_that_is_not_this_network_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    let missing = SileroVad::load(&path).unwrap_err().to_string();
    assert!(missing.starts_with("cannot read "), "{missing}");
    let Some(model) = model() else { return };
    let mut bytes = fs::read(model).unwrap();
    let name = b"encoder.2.bias";
    let place = bytes.windows(name.len()).rposition(|window| window == name).unwrap();
    bytes[place] = b'E';
    fs::write(&path, &bytes).unwrap();
    let error = SileroVad::load(&path).unwrap_err().to_string();
    assert!(error.contains("expected weights encoder.2.bias of shape [64], found none of that name"), "{error}");
}
