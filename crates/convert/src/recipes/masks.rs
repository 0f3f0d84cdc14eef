//! The masks that a package takes. Where every layer sees the whole context it is `causalMask` alone; where some look back
//! over a window only, their mask is `slidingAttentionMask`, and that of the others, if there are any, `fullAttentionMask`.

use sottovoce_mil::builder::{FunctionBuilder, Var};
use sottovoce_tensor::DType;

use super::{ANY, tensor};
use crate::checkpoint::{Config, Layer};

/// The mask inputs of a program under construction, f16 [1, 1, q, kv].
pub(crate) struct Masks {
    /// Of layers without a window.
    full: Var,
    /// Of layers with one; the same as `full` where all layers take the same mask.
    sliding: Var,
}

impl Masks {
    /// Declares the inputs.
    pub(super) fn declare(function: &mut FunctionBuilder, config: &Config, context: usize) -> Self {
        let mut input = |name| function.input(name, tensor(DType::F16, &[1, 1, ANY, ANY]));
        let only = match config.window(context) {
            None => "causalMask",
            Some(_) if config.layers.iter().all(|layer| layer.window.is_some()) => "slidingAttentionMask",
            Some(_) => return Self { full: input("fullAttentionMask"), sliding: input("slidingAttentionMask") },
        };
        let only = input(only);
        Self { full: only.clone(), sliding: only }
    }

    /// The mask of a layer.
    pub(super) fn of(&self, layer: &Layer) -> &Var {
        if layer.window.is_some() { &self.sliding } else { &self.full }
    }

    /// One of them: all have the same shape, and so say where a call stands.
    pub(super) fn any(&self) -> &Var {
        &self.full
    }

    /// Names of the inputs.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let second = (self.full != self.sliding).then(|| self.sliding.name());
        std::iter::once(self.full.name()).chain(second)
    }
}
