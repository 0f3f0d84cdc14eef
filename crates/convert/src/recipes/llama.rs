//! Llama, and models of its form.

use sottovoce_mil::builder::Var;

use super::{Recipe, blocks::Activation, cache::Cache};
use crate::ConvertError;

pub(super) fn build(recipe: &mut Recipe, ids: &Var, mask: &Var, cache: &mut Cache) -> Result<Var, ConvertError> {
    let x = recipe.embedding(ids)?;
    let x = recipe.layers(x, mask, cache, Activation::Silu)?;
    recipe.logits(&x)
}
