//! Smart Turn v3.2: a small Whisper encoder that was trained to hear whether a speaker has finished.

use std::path::Path;

use ort::value::TensorRef;

use super::{
    EndOfTurn,
    features::{BANDS, LogMel, WINDOWS},
};
use crate::{
    VoiceError,
    onnx::{OnnxModel, OnnxRuntime, numbers},
};

const NAME: &str = "Smart Turn";

/// Smart Turn v3.2 in ONNX Runtime. It hears the last eight seconds; a turn is complete from a probability of 0.5 on.
pub struct SmartTurn {
    model: OnnxModel,
    log_mel: LogMel,
}

impl SmartTurn {
    /// Loads `smart-turn-v3.2-cpu.onnx`; computes on one thread.
    ///
    /// # Errors
    /// [`VoiceError::Malformed`] when the file is no such model.
    pub fn load(runtime: &OnnxRuntime, path: &Path) -> Result<Self, VoiceError> {
        Ok(Self { model: runtime.model(NAME, path, 1)?, log_mel: LogMel::default() })
    }
}

impl EndOfTurn for SmartTurn {
    fn probability(&mut self, turn: &[f32]) -> Result<f32, VoiceError> {
        let features = TensorRef::from_array_view(([1, BANDS, WINDOWS], self.log_mel.compute(turn)));
        let features = features.map_err(|error| self.model.error(error))?;
        let outputs = self.model.run(ort::inputs! { "input_features" => features })?;
        // Despite its name, it has been through a sigmoid.
        match numbers(NAME, &outputs, "logits")? {
            [probability] => Ok(*probability),
            other => Err(crate::onnx::model_error(NAME, format!("expected one probability, found {}", other.len()))),
        }
    }
}
