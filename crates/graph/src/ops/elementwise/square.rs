use super::unary::{X, same_as_x, unary};
use crate::op::OpDef;

/// The square of `x`.
pub static OP: OpDef = OpDef {
    name: "square",
    params: X,
    infer: same_as_x,
    eval: |ctx| unary(ctx, |x| x * x, |x| Some(x.wrapping_mul(x))),
};
