use super::binary::{XY, compare, infer_predicate};
use crate::op::OpDef;

/// `x ≥ y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "greater_equal",
    params: XY,
    infer: |ctx| infer_predicate(ctx, |a, b, symbols| b.at_most(a, symbols)),
    eval: |ctx| compare(ctx, |a, b| a >= b, |a, b| a >= b),
};
