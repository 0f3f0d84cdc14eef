//! Qwen 2 and 2.5: Llama with biases of queries, keys and values; later layers may look back over a window.

use super::{Architecture, Definition, llama};
use crate::checkpoint::{
    Biases, Config, gguf,
    hugging_face::{self, DEFAULTS},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "qwen2",
    models: "Qwen 2 and 2.5",
    gguf_name: Some("qwen2"),
    from_hugging_face,
    from_gguf: |keys: &mut gguf::Keys| keys.decoder(Architecture::Qwen2),
    gguf_interleaves: false,
    ..llama::DEFINITION
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Qwen2, &DEFAULTS)?;
    config.biases = Biases { qkv: true, ..Biases::default() };
    later_windows(keys, &mut config)?;
    Ok(config)
}

/// Windows from layer `max_window_layers` on.
pub(super) fn later_windows(keys: &mut hugging_face::Keys, config: &mut Config) -> Result<(), String> {
    let window = keys.optional_window()?;
    let first = keys.optional("max_window_layers")?.unwrap_or(28);
    keys.slide(&mut config.layers, window, |layer| layer >= first)
}
