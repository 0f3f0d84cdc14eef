//! The text model of Gemma 3: Gemma 2 with norms of queries and keys instead of soft caps. Five layers of six look back over a
//! window and turn by frequencies of their own (Gemma Team 2025).

use super::{Architecture, Definition, gemma, gemma2};
use crate::checkpoint::{
    Config, Rope, gguf,
    hugging_face::{self, Defaults},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "gemma3_text",
    models: "the text model of Gemma 3",
    gguf_name: Some("gemma3"),
    from_hugging_face,
    from_gguf,
    hugging_face_tensor,
    ..gemma::DEFINITION
};

/// One layer of so many sees everything.
const INTERVAL: usize = 6;
/// Rotary base of the layers that see a window.
const LOCAL_BASE: f64 = 10_000.0;
/// Layers of the 27B model.
const LAYERS_27B: usize = 62;

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    // The models that see images leave out what the configuration class assumes.
    for (key, assumed) in [
        ("num_attention_heads", 8),
        ("num_key_value_heads", 4),
        ("vocab_size", 262_208),
        ("max_position_embeddings", 131_072),
    ] {
        keys.assume(key, assumed);
    }
    keys.assume("rms_norm_eps", 1e-6);
    let defaults = Defaults { rope_theta: 1_000_000.0, ..gemma::GEMMA_DEFAULTS };
    let mut config = keys.decoder(Architecture::Gemma3, &defaults)?;
    config.query_scale = gemma2::query_scale(&config, keys.optional("query_pre_attn_scalar")?.unwrap_or(256.0));
    config.soft_caps.logits = keys.optional("final_logit_softcapping")?;
    let interval = keys.optional("sliding_window_pattern")?.unwrap_or(INTERVAL);
    if interval == 0 {
        return Err("sliding_window_pattern is 0".to_owned());
    }
    let window = keys.nullable("sliding_window", 4096)?;
    keys.slide(&mut config.layers, window, |layer| (layer + 1) % interval != 0)?;
    let base = keys.optional("rope_local_base_freq")?.unwrap_or(LOCAL_BASE);
    Ok(with_local_layers(config, base))
}

/// Models that see images hold their text model under a name of its own, which transformers has changed once.
fn hugging_face_tensor(name: &str) -> Option<String> {
    let name = match name.strip_prefix("model.language_model.") {
        Some(rest) => format!("model.{rest}"),
        None => name.strip_prefix("language_model.").unwrap_or(name).to_owned(),
    };
    let sees = ["vision_tower.", "multi_modal_projector."];
    let is_text = |part: &str| !name.strip_prefix("model.").unwrap_or(&name).starts_with(part);
    sees.into_iter().all(is_text).then_some(name)
}

fn from_gguf(keys: &mut gguf::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Gemma3)?;
    config.query_scale = gemma2::query_scale(&config, gemma2::gguf_query_scalar(&config, LAYERS_27B));
    config.soft_caps.logits = keys.float("final_logit_softcapping")?;
    // llama.cpp takes 0 for none.
    if let Some(window) = keys.optional("attention.sliding_window")?.filter(|&window| window > 0) {
        keys.slide(&mut config.layers, window, INTERVAL)?;
    }
    let base = keys.float("rope.freq_base_swa")?.map_or(LOCAL_BASE, f64::from);
    Ok(with_local_layers(config, base))
}

/// The norms of the model, and for layers with a window frequencies of base `base`, without the scaling of the others.
fn with_local_layers(mut config: Config, base: f64) -> Config {
    (config.qk_norm, config.post_norms) = (true, true);
    config.ropes.push(Rope::plain(base, config.head_dim));
    for layer in config.layers.iter_mut().filter(|layer| layer.window.is_some()) {
        layer.rope = Some(1);
    }
    config
}
