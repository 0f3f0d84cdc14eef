use super::binary::{XY, arithmetic, infer_arithmetic};
use crate::op::OpDef;

/// `x · y` with broadcasting.
pub static OP: OpDef = OpDef {
    name: "mul",
    params: XY,
    infer: |ctx| infer_arithmetic(ctx, |a, b, _| Some(a.clone() * b.clone())),
    eval: |ctx| arithmetic(ctx, |a, b| a * b, |a, b| Some(a.wrapping_mul(b))),
};
