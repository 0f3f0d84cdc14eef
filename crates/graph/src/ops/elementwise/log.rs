use super::unary::{float_unary, same_as_x};
use crate::op::{OpDef, optional, required};

/// The natural logarithm of `x + epsilon`; epsilon defaults to the smallest f32, 10⁻⁴⁵.
pub static OP: OpDef = OpDef {
    name: "log",
    params: &[required("x"), optional("epsilon")],
    infer: same_as_x,
    eval: |ctx| {
        let epsilon = ctx.float("epsilon", 1e-45)?;
        float_unary(ctx, |x| (x + epsilon).ln())
    },
};
