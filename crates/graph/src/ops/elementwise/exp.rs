use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// e to the power of `x`.
pub static OP: OpDef = OpDef { name: "exp", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, f32::exp) };
