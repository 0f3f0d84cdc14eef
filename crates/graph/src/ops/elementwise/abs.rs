use super::unary::{X, same_as_x, unary};
use crate::op::OpDef;

/// The absolute value of `x`.
pub static OP: OpDef =
    OpDef { name: "abs", params: X, infer: same_as_x, eval: |ctx| unary(ctx, f32::abs, |x| Some(x.wrapping_abs())) };
