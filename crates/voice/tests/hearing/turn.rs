use std::{fs, path::PathBuf};

use sottovoce_testkit::catalogue_file;
use sottovoce_voice::{EndOfTurn, VoiceError, turn::SmartTurn};

use crate::{clips, reference, runtime};

fn model() -> Option<PathBuf> {
    catalogue_file("smart-turn", "smart-turn-v3.2-cpu")
}

/// 0.2 s, as between somebody's last word and the question whether it was the last.
const SILENCE: usize = 3_200;

#[test]
fn whole_sentences_and_cut_ones_have_the_probabilities_of_the_reference() {
    let (Some(runtime), Some(model)) = (runtime(), model()) else { return };
    let mut turn = SmartTurn::load(&runtime, &model).unwrap();
    let mut probability = |samples: &[f32]| {
        let heard = [samples, &[0.0; SILENCE]].concat();
        turn.probability(&heard).unwrap()
    };
    let (whole, cut) = (reference("turn_whole"), reference("turn_cut"));
    for (index, clip) in clips().iter().enumerate() {
        for (part, expected) in [(&clip[..], whole[index]), (&clip[..clip.len() * 6 / 10], cut[index])] {
            let found = probability(part);
            // The model rounds activations to 8 bits: where it is unsure, noise of 1e-6 on its input moves the result by 0.1.
            let tolerance = if (0.05..0.95).contains(&expected) { 0.3 } else { 0.05 };
            assert!((found - expected).abs() < tolerance, "clip {index}: {found}, not {expected}");
        }
    }
}

#[test]
fn people_who_pause_within_a_sentence_have_not_finished_and_those_at_its_end_have() {
    let (Some(runtime), Some(model)) = (runtime(), model()) else { return };
    let mut turn = SmartTurn::load(&runtime, &model).unwrap();
    let folder = sottovoce_testkit::fixtures_dir().join("speech");
    // "… how much there might be | prudently in his power to do for them", "go somewhere | and do something".
    for (file, share) in [("dashwood-leisure.wav", 0.6), ("go-somewhere.wav", 0.4)] {
        let clip = sottovoce_voice::audio::read_wav(&folder.join(file), sottovoce_voice::SAMPLE_RATE).unwrap().samples;
        let cut = &clip[..(clip.len() as f64 * share) as usize];
        let of_whole = turn.probability(&[&clip[..], &[0.0; SILENCE]].concat()).unwrap();
        let of_cut = turn.probability(&[cut, &[0.0; SILENCE]].concat()).unwrap();
        assert!(of_whole > 0.9 && of_cut < 0.3, "{file}: whole {of_whole}, cut {of_cut}");
    }
}

#[test]
fn nothing_and_much_have_an_answer() {
    let (Some(runtime), Some(model)) = (runtime(), model()) else { return };
    let mut turn = SmartTurn::load(&runtime, &model).unwrap();
    for samples in [vec![], vec![0.0; 100], vec![0.5; 20 * 16_000]] {
        let probability = turn.probability(&samples).unwrap();
        assert!((0.0..=1.0).contains(&probability), "{} samples: {probability}", samples.len());
    }
}

#[test]
fn a_file_that_is_no_model_is_named() {
    let Some(runtime) = runtime() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turn.onnx");
    for contents in [None, Some("no model")] {
        if let Some(contents) = contents {
            fs::write(&path, contents).unwrap();
        }
        let error = SmartTurn::load(&runtime, &path).err().unwrap();
        assert!(matches!(error, VoiceError::Malformed { .. }), "{error}");
        assert!(error.to_string().contains("turn.onnx: expected the model Smart Turn"), "{error}");
    }
}
