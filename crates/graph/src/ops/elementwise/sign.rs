use super::unary::{X, same_as_x, unary};
use crate::op::OpDef;

/// -1, 0 or 1 by the sign of `x`; NaN stays.
pub static OP: OpDef = OpDef {
    name: "sign",
    params: X,
    infer: same_as_x,
    eval: |ctx| unary(ctx, |x| if x == 0.0 || x.is_nan() { x } else { x.signum() }, |x| Some(x.signum())),
};
