use super::logistic;
use crate::{
    op::{OpDef, required},
    ops::elementwise::{float_unary, same_as_x},
};

/// `x · sigmoid(x)`.
pub static OP: OpDef = OpDef {
    name: "silu",
    params: &[required("x")],
    infer: same_as_x,
    eval: |ctx| float_unary(ctx, |x| x * logistic(x)),
};
