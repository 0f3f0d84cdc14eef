//! Gemma 1: Llama with a scaled embedding and a GELU gate. (The 1 + w of its norms is in the checkpoint's norm factors.)

use sottovoce_mil::builder::Var;

use super::{Recipe, blocks::Activation, cache::Cache};
use crate::ConvertError;

pub(super) fn build(recipe: &mut Recipe, ids: &Var, mask: &Var, cache: &mut Cache) -> Result<Var, ConvertError> {
    let factor = (recipe.config.hidden as f32).sqrt();
    let x = recipe.embedding(ids)?;
    let x = recipe.scale("embedding_scaled", &x, factor);
    let x = recipe.layers(x, mask, cache, Activation::GeluTanh)?;
    recipe.logits(&x)
}
