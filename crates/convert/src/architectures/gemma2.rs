//! Gemma 2: Gemma with norms behind attention and feed-forward network too, soft caps of scores and logits, and a window in
//! every other layer (Gemma Team 2024).

use super::{Architecture, Definition, gemma};
use crate::checkpoint::{Config, SoftCaps, gguf, hugging_face};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "gemma2",
    models: "Gemma 2",
    gguf_name: Some("gemma2"),
    from_hugging_face,
    from_gguf,
    ..gemma::DEFINITION
};

const WINDOW: usize = 4096;
/// One layer of so many sees everything.
const INTERVAL: usize = 2;
const SCORE_CAP: f32 = 50.0;
const LOGIT_CAP: f32 = 30.0;
/// Layers of the 27B model.
const LAYERS_27B: usize = 46;

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Gemma2, &gemma::GEMMA_DEFAULTS)?;
    config.post_norms = true;
    config.query_scale = query_scale(&config, keys.optional("query_pre_attn_scalar")?.unwrap_or(256.0));
    config.soft_caps = SoftCaps {
        scores: keys.nullable("attn_logit_softcapping", SCORE_CAP)?,
        logits: keys.nullable("final_logit_softcapping", LOGIT_CAP)?,
    };
    let window = keys.nullable("sliding_window", WINDOW)?;
    keys.slide(&mut config.layers, window, |layer| (layer + 1) % INTERVAL != 0)?;
    Ok(config)
}

fn from_gguf(keys: &mut gguf::Keys) -> Result<Config, String> {
    let mut config = keys.decoder(Architecture::Gemma2)?;
    config.post_norms = true;
    config.query_scale = query_scale(&config, gguf_query_scalar(&config, LAYERS_27B));
    config.soft_caps = SoftCaps {
        scores: Some(keys.float("attn_logit_softcapping")?.unwrap_or(SCORE_CAP)),
        logits: Some(keys.float("final_logit_softcapping")?.unwrap_or(LOGIT_CAP)),
    };
    let window = keys.optional("attention.sliding_window")?.unwrap_or(WINDOW);
    keys.slide(&mut config.layers, window, INTERVAL)?;
    Ok(config)
}

/// The factor of attention scores that goes with a `query_pre_attn_scalar`; `None` where it is the usual one.
pub(super) fn query_scale(config: &Config, scalar: f32) -> Option<f32> {
    (scalar != config.head_dim as f32).then(|| scalar.sqrt().recip())
}

/// `query_pre_attn_scalar`, which llama.cpp's files lack: it is the head size, but in the 27B models, which llama.cpp knows by
/// their number of layers, the hidden size divided among the heads.
pub(super) fn gguf_query_scalar(config: &Config, layers_27b: usize) -> f32 {
    let divided = config.hidden.checked_div(config.heads).filter(|_| config.layers.len() == layers_27b);
    divided.unwrap_or(config.head_dim) as f32
}
