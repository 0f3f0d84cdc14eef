//! Gemma 1: Llama with a scaled embedding, a GELU gate, and norms that multiply by 1 + w.

use sottovoce_mil::builder::Var;

use super::{Architecture, Definition};
use crate::{
    ConvertError,
    checkpoint::{
        Config, gguf,
        hugging_face::{self, DEFAULTS, Defaults},
    },
    recipes::{Activation, Cache, Recipe},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "gemma",
    gguf_name: Some("gemma"),
    from_hugging_face,
    from_gguf: |keys: &mut gguf::Keys| keys.decoder(Architecture::Gemma),
    gguf_interleaves: false,
    fused: false,
    // GGUF files hold the factor itself.
    hugging_face_norm_shift: 1.0,
    build,
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    // The first configurations say "gelu" and mean its tanh approximation.
    let activations = &["gelu_pytorch_tanh", "gelu"];
    let defaults = Defaults { head_dim: Some(256), tied: true, activations, ..DEFAULTS };
    keys.decoder(Architecture::Gemma, &defaults)
}

fn build(recipe: &mut Recipe, ids: &Var, mask: &Var, cache: &mut Cache) -> Result<Var, ConvertError> {
    let factor = (recipe.config.hidden as f32).sqrt();
    let x = recipe.embedding(ids)?;
    let x = recipe.scale("embedding_scaled", &x, factor);
    let x = recipe.layers(x, mask, cache, Activation::GeluTanh)?;
    recipe.logits(&x)
}
