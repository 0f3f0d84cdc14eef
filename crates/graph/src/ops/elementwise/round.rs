use super::unary::{X, float_unary, same_as_x};
use crate::op::OpDef;

/// `x` rounded to the nearest integer, halves to even.
pub static OP: OpDef =
    OpDef { name: "round", params: X, infer: same_as_x, eval: |ctx| float_unary(ctx, f32::round_ties_even) };
