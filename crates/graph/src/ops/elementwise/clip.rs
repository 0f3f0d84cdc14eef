use super::unary::{float_unary, same_as_x};
use crate::op::{OpDef, required};

/// `x` limited to `alpha ..= beta`; NaN stays.
pub static OP: OpDef = OpDef {
    name: "clip",
    params: &[required("x"), required("alpha"), required("beta")],
    infer: same_as_x,
    eval: |ctx| {
        let (alpha, beta) = (ctx.float("alpha", f32::NEG_INFINITY)?, ctx.float("beta", f32::INFINITY)?);
        // Not `f32::clamp`, which panics when a program has the limits the wrong way round.
        float_unary(ctx, |x| {
            if x < alpha {
                alpha
            } else if x > beta {
                beta
            } else {
                x
            }
        })
    },
};
