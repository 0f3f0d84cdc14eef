use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// The sine of `x`, in radians.
pub static OP: OpDef = OpDef { name: "sin", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, f32::sin) };
