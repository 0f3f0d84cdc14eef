//! Mistral: Llama whose layers, in its first version, look back over a window.

use super::{Architecture, Definition, llama};
use crate::checkpoint::{
    Config,
    hugging_face::{self, DEFAULTS},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "mistral",
    models: "Mistral",
    // llama.cpp writes it as "llama", without its window.
    gguf_name: None,
    from_hugging_face,
    ..llama::DEFINITION
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Mistral, &DEFAULTS)?;
    // Where the key is missing, it is the window of the first version.
    let window = keys.nullable("sliding_window", 4096)?;
    config.layers.iter_mut().for_each(|layer| layer.window = window);
    Ok(config)
}
