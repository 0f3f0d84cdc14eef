use super::unary::{float_unary, same_as_x};
use crate::op::{OpDef, optional, required};

/// `1 / (x + epsilon)`; epsilon defaults to 10⁻⁴.
pub static OP: OpDef = OpDef {
    name: "inverse",
    params: &[required("x"), optional("epsilon")],
    infer: same_as_x,
    eval: |ctx| {
        let epsilon = ctx.float("epsilon", 1e-4)?;
        float_unary(ctx, |x| 1.0 / (x + epsilon))
    },
};
