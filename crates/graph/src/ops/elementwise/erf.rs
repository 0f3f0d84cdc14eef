use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// The Gauss error function of `x`.
pub static OP: OpDef = OpDef { name: "erf", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, libm::erff) };
