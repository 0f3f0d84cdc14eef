//! SmolLM3: Llama in which every fourth layer has no positions (NoPE, Yang et al. 2025).

use super::{Architecture, Definition, llama};
use crate::checkpoint::{
    Config, gguf,
    hugging_face::{self, DEFAULTS, Defaults},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "smollm3",
    models: "SmolLM3",
    gguf_name: Some("smollm3"),
    from_hugging_face,
    from_gguf,
    ..llama::DEFINITION
};

/// Every layer of this many has no positions, unless a file says otherwise. GGUF files never do.
const INTERVAL: usize = 4;

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let defaults = Defaults { rope_theta: 2_000_000.0, tied: true, ..DEFAULTS };
    let mut config = keys.decoder(Architecture::SmolLm3, &defaults)?;
    config.biases = keys.biases()?;
    let interval = keys.optional("no_rope_layer_interval")?.unwrap_or(INTERVAL);
    // Despite its name the list has a 1 for each layer that turns.
    match keys.optional::<Vec<u8>>("no_rope_layers")? {
        None => leave_out_positions(&mut config, interval)?,
        Some(turns) if turns.len() == config.layers.len() => {
            for (layer, turns) in config.layers.iter_mut().zip(turns) {
                layer.rope = (turns != 0).then_some(0);
            }
        }
        Some(turns) => return Err(format!("no_rope_layers names {} layers of {}", turns.len(), config.layers.len())),
    }
    // Written, but not read, by its class in transformers: the layers without positions are those that slide.
    let _: Option<usize> = keys.optional("max_window_layers")?;
    let window = keys.optional_window()?;
    let positionless: Vec<bool> = config.layers.iter().map(|layer| layer.rope.is_none()).collect();
    keys.slide(&mut config.layers, window, |layer| positionless[layer])?;
    Ok(config)
}

fn from_gguf(keys: &mut gguf::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::SmolLm3)?;
    leave_out_positions(&mut config, INTERVAL)?;
    Ok(config)
}

fn leave_out_positions(config: &mut Config, interval: usize) -> Result<(), String> {
    if interval == 0 {
        return Err("no_rope_layer_interval is 0".to_owned());
    }
    for layer in config.layers.iter_mut().skip(interval - 1).step_by(interval) {
        layer.rope = None;
    }
    Ok(())
}
