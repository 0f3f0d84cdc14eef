use super::binary::{XY, compare, infer_predicate};
use crate::op::OpDef;

/// `x ≤ y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "less_equal",
    params: XY,
    infer: |ctx| infer_predicate(ctx, |a, b, symbols| a.at_most(b, symbols)),
    eval: |ctx| compare(ctx, |a, b| a <= b, |a, b| a <= b),
};
