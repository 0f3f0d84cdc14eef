use super::binary::{XY, compare, infer_predicate};
use crate::op::OpDef;

/// `x < y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "less",
    params: XY,
    infer: |ctx| infer_predicate(ctx, |a, b, symbols| b.at_most(a, symbols).map(|at_most| !at_most)),
    eval: |ctx| compare(ctx, |a, b| a < b, |a, b| a < b),
};
