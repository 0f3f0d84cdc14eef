use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// `x` rounded up.
pub static OP: OpDef = OpDef { name: "ceil", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, f32::ceil) };
