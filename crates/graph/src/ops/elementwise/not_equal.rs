use super::binary::{XY, compare, infer_predicate};
use crate::op::OpDef;

/// `x ≠ y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "not_equal",
    params: XY,
    infer: |ctx| infer_predicate(ctx, |a, b, symbols| a.equals(b, symbols).map(|equal| !equal)),
    eval: |ctx| compare(ctx, |a, b| a != b, |a, b| a != b),
};
