//! Llama, and models of its form. What they may add to it, biases and scaled frequencies, the blocks read from `Config`.

use sottovoce_mil::builder::Var;

use super::{Architecture, Definition};
use crate::{
    ConvertError,
    checkpoint::{
        Config, gguf,
        hugging_face::{self, DEFAULTS},
    },
    recipes::{Activation, Cache, Masks, Recipe},
};

pub(super) const DEFINITION: Definition = Definition {
    model_type: "llama",
    models: "Llama 1 to 3.3, SmolLM2 and others of that form",
    gguf_name: Some("llama"),
    from_hugging_face,
    from_gguf: |keys: &mut gguf::Keys| keys.decoder(Architecture::Llama),
    gguf_interleaves: true,
    fused: false,
    hugging_face_tensor: |name| Some(name.to_owned()),
    hugging_face_norm_shift: 0.0,
    build,
};

fn from_hugging_face(keys: &mut hugging_face::Keys) -> Result<Config, String> {
    Ok(Config { biases: keys.biases()?, ..keys.decoder(Architecture::Llama, &DEFAULTS)? })
}

pub(super) fn build(recipe: &mut Recipe, ids: &Var, masks: &Masks, cache: &mut Cache) -> Result<Var, ConvertError> {
    let x = recipe.embedding(ids)?;
    let x = recipe.layers(x, masks, cache, Activation::Silu)?;
    recipe.logits(&x)
}
