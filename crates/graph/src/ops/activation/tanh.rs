use crate::{
    op::{OpDef, required},
    ops::elementwise::{float_unary, same_as_x},
};

/// The hyperbolic tangent of `x`.
pub static OP: OpDef =
    OpDef { name: "tanh", params: &[required("x")], infer: same_as_x, eval: |ctx| float_unary(ctx, f32::tanh) };
