//! Gemma 1: Llama with a scaled embedding, a GELU gate, and norms that multiply by 1 + w.

use sottovoce_mil::builder::Var;

use super::{Architecture, Definition};
use crate::{
    ConvertError,
    checkpoint::{
        gguf,
        hugging_face::{self, DEFAULTS, Defaults},
    },
    recipes::{Activation, Cache, Masks, Recipe},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "gemma",
    models: "Gemma 1",
    gguf_name: Some("gemma"),
    from_hugging_face: |keys: &mut hugging_face::Keys| keys.decoder(Architecture::Gemma, &GEMMA_DEFAULTS),
    from_gguf: |keys: &mut gguf::Keys| keys.decoder(Architecture::Gemma),
    gguf_interleaves: false,
    fused: false,
    hugging_face_tensor: |name| Some(name.to_owned()),
    // GGUF files hold the factor itself.
    hugging_face_norm_shift: 1.0,
    build,
};

pub(super) const GEMMA_DEFAULTS: Defaults = Defaults {
    head_dim: Some(256),
    tied: true,
    // The first configurations say "gelu" and mean its tanh approximation.
    activations: &["gelu_pytorch_tanh", "gelu"],
    ..DEFAULTS
};

pub(super) fn build(recipe: &mut Recipe, ids: &Var, masks: &Masks, cache: &mut Cache) -> Result<Var, ConvertError> {
    let factor = (recipe.config.hidden as f32).sqrt();
    let x = recipe.embedding(ids)?;
    let x = recipe.scale("embedding_scaled", &x, factor);
    let x = recipe.layers(x, masks, cache, Activation::GeluTanh)?;
    recipe.logits(&x)
}
