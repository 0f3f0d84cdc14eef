//! Phi-3 and Phi-4: Llama with projections joined in the file. Small ones turn a part of each head, long ones scale their
//! frequencies by LongRoPE, early ones look back over a window.

use super::{Architecture, Definition, llama};
use crate::checkpoint::{
    Config, gguf,
    hugging_face::{self, DEFAULTS, Defaults},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "phi3",
    models: "Phi-3, Phi-3.5 and Phi-4",
    gguf_name: Some("phi3"),
    from_hugging_face,
    from_gguf,
    gguf_interleaves: false,
    fused: true,
    ..llama::DEFINITION
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let defaults = Defaults { partial_rotary: true, ..DEFAULTS };
    let mut config = keys.decoder(Architecture::Phi3, &defaults)?;
    let window = keys.optional("sliding_window")?;
    config.layers.iter_mut().for_each(|layer| layer.window = window);
    Ok(config)
}

fn from_gguf(keys: &mut gguf::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Phi3)?;
    // llama.cpp writes 0 for none.
    let window = keys.optional("attention.sliding_window")?.filter(|&window| window > 0);
    config.layers.iter_mut().for_each(|layer| layer.window = window);
    Ok(config)
}
