use super::binary::{XY, infer_logic, logic};
use crate::op::OpDef;

/// `x and y` of booleans with broadcasting.
pub static OP: OpDef = OpDef {
    name: "logical_and",
    params: XY,
    infer: |ctx| infer_logic(ctx, |a, b| a && b),
    eval: |ctx| logic(ctx, |a, b| a && b),
};
