use std::path::PathBuf;

use sottovoce_tensor::npz;

use crate::{Fixture, Interface, Logits, MaskInput, fixtures_dir};

/// A tiny checkpoint in `fixtures/checkpoints`: a Hugging Face folder `NAME-hf`, a GGUF file `NAME.gguf`, and the logits that
/// transformers computes for it, `NAME.npz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointFixture {
    /// Name without an ending.
    pub name: &'static str,
    /// `model_type` of the folder.
    pub model_type: &'static str,
    /// Positions that packages of it are made for in tests.
    pub context: usize,
    /// The masks that those packages take.
    pub masks: &'static [MaskInput],
}

const CAUSAL: &[MaskInput] = &[MaskInput::CAUSAL];
/// The masks of a model with windows of eight positions in some of its layers.
const BOTH: &[MaskInput] = &[
    MaskInput { name: "fullAttentionMask", window: None },
    MaskInput { name: "slidingAttentionMask", window: Some(8) },
];

/// Every tiny checkpoint.
pub const CHECKPOINTS: [CheckpointFixture; 11] = [
    CheckpointFixture { name: "llama", model_type: "llama", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "llama3", model_type: "llama", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "llama-biases", model_type: "llama", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "smollm3", model_type: "smollm3", context: 64, masks: CAUSAL },
    // Its window: llama.cpp's file does not have it.
    CheckpointFixture { name: "mistral", model_type: "mistral", context: 16, masks: CAUSAL },
    CheckpointFixture { name: "qwen2", model_type: "qwen2", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "qwen3", model_type: "qwen3", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "phi3", model_type: "phi3", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "gemma", model_type: "gemma", context: 64, masks: CAUSAL },
    CheckpointFixture { name: "gemma2", model_type: "gemma2", context: 64, masks: BOTH },
    CheckpointFixture { name: "gemma3", model_type: "gemma3_text", context: 64, masks: BOTH },
];

/// The masks of a model with a window in all layers.
const fn sliding(window: usize) -> [MaskInput; 1] {
    [MaskInput { name: "slidingAttentionMask", window: Some(window) }]
}
const SLIDING_16: &[MaskInput] = &sliding(16);
const SLIDING_8: &[MaskInput] = &sliding(8);

/// Models with windows that llama.cpp's file does not tell: the Hugging Face folder alone counts.
pub const FOLDERS_WITH_WINDOWS: [CheckpointFixture; 3] = [
    CheckpointFixture { name: "mistral", model_type: "mistral", context: 64, masks: SLIDING_16 },
    CheckpointFixture { name: "qwen2-window", model_type: "qwen2", context: 64, masks: BOTH },
    CheckpointFixture { name: "phi3-window", model_type: "phi3", context: 64, masks: SLIDING_8 },
];

impl CheckpointFixture {
    /// The Hugging Face folder and the GGUF file.
    pub fn sources(&self) -> [PathBuf; 2] {
        [checkpoint(&format!("{}-hf", self.name)), checkpoint(&format!("{}.gguf", self.name))]
    }

    /// A stateful package that was made of it, with as much of the prompt and its answers as fits the context.
    ///
    /// # Panics
    /// When the answers are missing or damaged.
    pub fn answered(&self, package: PathBuf) -> Fixture {
        let (ids, logits) = answers(self.name, "logits");
        let count = ids.len().min(self.context);
        let logits = Logits { values: logits.values[..count * logits.width].to_vec(), width: logits.width };
        let (name, interface, masks, context) = (self.name, Interface::Stateful, self.masks.to_vec(), self.context);
        Fixture { name, interface, masks, context, package, ids: ids[..count].to_vec(), logits }
    }
}

/// A file or folder in `fixtures/checkpoints`.
pub fn checkpoint(name: &str) -> PathBuf {
    fixtures_dir().join("checkpoints").join(name)
}

/// The prompt of a tiny checkpoint, and an array of logits over its first positions.
///
/// # Panics
/// When the file is missing or damaged.
pub fn answers(name: &str, array: &str) -> (Vec<i32>, Logits) {
    let arrays = npz::read(&checkpoint(&format!("{name}.npz"))).unwrap_or_else(|error| panic!("{error}"));
    let ids = arrays["ids"].to_i64_vec().into_iter().map(|id| id as i32).collect();
    let width = *arrays[array].shape().last().expect("logits of rank 3");
    (ids, Logits { values: arrays[array].to_f32_vec(), width })
}
