use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// The square root of `x`.
pub static OP: OpDef = OpDef { name: "sqrt", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, f32::sqrt) };
