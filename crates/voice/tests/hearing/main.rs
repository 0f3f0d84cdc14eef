//! The parts that hear, with their real models, on recorded speech.

mod asr;
mod echo;
mod turn;
mod vad;

use sottovoce_testkit::{catalogue_file, fixtures_dir, speech_clips};
use sottovoce_voice::{OnnxRuntime, SAMPLE_RATE, audio::read_wav};

/// The samples of every clip.
fn clips() -> Vec<Vec<f32>> {
    speech_clips().iter().map(|clip| read_wav(&clip.path, SAMPLE_RATE).unwrap().samples).collect()
}

/// An array of what the reference implementations compute.
fn reference(name: &str) -> Vec<f32> {
    let arrays = sottovoce_tensor::npz::read(&fixtures_dir().join("speech/reference.npz")).unwrap();
    arrays[name].to_f32_vec()
}

/// ONNX Runtime; every test of this program loads the same file.
fn runtime() -> Option<OnnxRuntime> {
    let name = if cfg!(windows) { "onnxruntime" } else { "libonnxruntime" };
    catalogue_file("onnx-runtime", name).map(|library| OnnxRuntime::load(&library).unwrap())
}
