use super::logistic;
use crate::{
    op::{OpDef, required},
    ops::elementwise::{float_unary, same_as_x},
};

/// `1 / (1 + e⁻ˣ)`.
pub static OP: OpDef =
    OpDef { name: "sigmoid", params: &[required("x")], infer: same_as_x, eval: |ctx| float_unary(ctx, logistic) };
